"""Which jobs of a `prometheus.yml` are redis_exporter's.

Its documented pattern of several servers behind one exporter is `metrics_path: /scrape` with
`__param_target`; memcached_exporter has the same path, so that something of Redis must be there as well.
"""

import re
from collections.abc import Iterator
from typing import Final

from exporter.migration.prometheus.reading import RawJob, mappings_of, texts_of

TARGET_PARAMETER: Final = "__param_target"
EXPORTER_PORT: Final = "9121"
CLUSTER_NODES: Final = "/discover-cluster-nodes"
KEY_PARAMETERS: Final = {
    "check-keys": ("keys", "check"),
    "check-single-keys": ("keys", "check_single"),
    "count-keys": ("keys", "count"),
    "check-streams": ("streams", "check"),
    "check-single-streams": ("streams", "check_single"),
}
"""Parameters of redis_exporter's `/scrape`, and the samplers and keys that do the same."""

_SCRAPE: Final = "/scrape"
_NAME: Final = re.compile(r"redis|valkey|keydb|dragonfly", re.IGNORECASE)
_SERVER: Final = re.compile(r"(rediss?|valkeys?|unix)://.*|.*:(6379|26379)")
_EXPORTER: Final = re.compile(rf".*:{EXPORTER_PORT}")


def reason_for(job: RawJob) -> str:
    """Return by what a job is known as redis_exporter's, in words; empty where it is not."""
    path = str(job.data.get("metrics_path") or "/metrics")
    if asks_for_targets(job) and path == _SCRAPE and any(_traces(job)):
        return f"path {_SCRAPE} with a target"
    if any(_EXPORTER.fullmatch(target) for target in static_targets(job)):
        return f"port {EXPORTER_PORT}"
    if any(EXPORTER_PORT in text for text in _texts_of_relabeling(job)):
        return f"port {EXPORTER_PORT} in its relabel_configs"
    # By another path it is another exporter that asks, such as blackbox_exporter.
    return "its name" if _NAME.search(job.name) and path in (_SCRAPE, "/metrics") else ""


def asks_for_targets(job: RawJob) -> bool:
    """Whether one exporter is asked for many servers."""
    parameters = job.data.get("params")
    given = isinstance(parameters, dict) and "target" in parameters
    steps = mappings_of(job.data.get("relabel_configs"))
    return given or any(step.get("target_label") == TARGET_PARAMETER for step in steps)


def static_targets(job: RawJob) -> Iterator[str]:
    """The addresses that are written in a job."""
    for group in mappings_of(job.data.get("static_configs")):
        yield from texts_of(group.get("targets"))


def _traces(job: RawJob) -> Iterator[bool]:
    """Signs of Redis in a job that asks an exporter for targets."""
    parameters = job.data.get("params")
    yield bool(_NAME.search(job.name))
    yield isinstance(parameters, dict) and bool(parameters.keys() & KEY_PARAMETERS.keys())
    yield any(_SERVER.fullmatch(target) for target in static_targets(job))
    yield any(EXPORTER_PORT in text for text in _texts_of_relabeling(job))
    sources = mappings_of(job.data.get("http_sd_configs"))
    yield any(CLUSTER_NODES in str(source.get("url")) for source in sources)


def _texts_of_relabeling(job: RawJob) -> Iterator[str]:
    for step in mappings_of(job.data.get("relabel_configs")):
        yield from (str(step[key]) for key in ("replacement", "regex") if key in step)
