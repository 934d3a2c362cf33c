"""The job by which that Prometheus scrapes the daemon, in the place of the exporters."""

from collections.abc import Sequence
from typing import Final

from exporter.drafts import to_yaml

SCRAPE_FILE: Final = "prometheus-scrape.yml"
_HEADING: Final = (
    "For that Prometheus, if it goes on: this job in the place of {}. `scrape_config_files` in "
    "prometheus.yml can name this file. The daemon has the label instance on its page, hence honor_labels: "
    "series go on under the labels that they have had. `up` is about the daemon then, and redis_up about "
    "servers."
)


def scrape_file(jobs: Sequence[str], daemon: str = "localhost:9121") -> str:
    """The text of a file with that job."""
    job = {
        "job_name": jobs[0] if len(jobs) == 1 else "redis-vigil",
        "honor_labels": True,
        "static_configs": [{"targets": [daemon]}],
    }
    return to_yaml({"scrape_configs": [job]}, _HEADING.format(", ".join(jobs)))
