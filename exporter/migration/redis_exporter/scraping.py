"""What has to change in the prometheus.yml that scrapes a redis_exporter; its jobs are another command's."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from exporter.errors import UsageError
from exporter.migration.redis_exporter.sources.environment_file import read_text

_SCRAPE: Final = "/scrape"
_PORT: Final = ":9121"


def scraping_remarks(path: Path) -> Sequence[str]:
    """Sentences about the jobs that scrape redis_exporter; raises `UsageError` for a file that is none."""
    try:
        document = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: is no YAML: {getattr(error, 'problem', None) or error}") from None
    jobs = document.get("scrape_configs") if isinstance(document, dict) else None
    if not isinstance(jobs, list):
        raise UsageError(f"{path}: has no scrape_configs")
    remarks = [remark for job in jobs if isinstance(job, dict) for remark in _of_job(job, path)]
    return remarks or [f"{path}: no job scrapes redis_exporter, by its path and its port"]


def _of_job(job: Mapping[str, Any], path: Path) -> Iterator[str]:
    name = job.get("job_name")
    if job.get("metrics_path") == _SCRAPE:
        yield (
            f"{path}: the job {name} asks /scrape for single servers, and goes on as it is for those that "
            f"are configured here: redis-vigil migrate prometheus {path} takes them over"
        )
    elif _mentions_port(job):
        yield (
            f"{path}: give the job {name} honor_labels: true, since /metrics has all servers, each with its "
            "label instance"
        )


def _mentions_port(job: Mapping[str, Any]) -> bool:
    groups = job.get("static_configs")
    return any(
        str(target).endswith(_PORT)
        for group in (groups if isinstance(groups, list) else ())
        if isinstance(group, dict)
        for target in group.get("targets") or ()
    )
