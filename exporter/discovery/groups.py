"""Lists of targets as Prometheus' file_sd and http_sd write them.

Format: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exporter.config.url import parse_server_url
from exporter.discovery.base import Template
from exporter.errors import DiscoveryError
from exporter.model.target import Target

MAX_TARGETS: Final = 10_000
_META_PREFIX: Final = "__"


def read_groups(data: Any, template: Template) -> Sequence[Target]:
    """The targets of `[{"targets": ["host:port"], "labels": {…}}]`.

    An address is `host:port` or a URL, without credentials: these come from the configuration only. The label
    `instance` names the target; labels that begin with `__` are dropped. Raises `DiscoveryError`.
    """
    targets = list(_targets(data, template))
    if len(targets) > MAX_TARGETS:
        raise DiscoveryError(f"lists more than {MAX_TARGETS:,} servers")
    return targets


def _targets(data: Any, template: Template) -> Iterator[Target]:
    if not isinstance(data, list):
        raise DiscoveryError("must be a list of targets and labels")
    for index, group in enumerate(data):
        if not isinstance(group, dict) or not isinstance(group.get("targets"), list):
            raise DiscoveryError(f"[{index}] must hold a list of targets")
        labels = group.get("labels") or {}
        if not isinstance(labels, dict):
            raise DiscoveryError(f"[{index}].labels must be a mapping")
        for text in group["targets"]:
            yield _target(str(text), {str(name): str(value) for name, value in labels.items()}, template)


def _target(text: str, labels: Mapping[str, str], template: Template) -> Target:
    try:
        url = parse_server_url(text)
    except ValueError as error:
        raise DiscoveryError(f"a target {error}") from None
    kept = {
        name: value
        for name, value in labels.items()
        if name != "instance" and not name.startswith(_META_PREFIX)
    }
    return template.make(url.address, kept, instance=labels.get("instance", ""))
