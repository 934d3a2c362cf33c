"""`status/config` and `alertmanagers`: how the daemon is configured, in Prometheus' words."""

from collections.abc import Callable, Sequence
from typing import Any

import yaml
from starlette.requests import Request
from starlette.routing import Route

from exporter.config.main import Config
from exporter.model.duration import format_duration
from exporter.web.api_v1.reply import Answer, api


def routes(config: Callable[[], Config], alertmanagers: Callable[[], Sequence[str]]) -> Sequence[Route]:
    """The routes; `alertmanagers` are the URLs of those that get the alerts, without passwords."""

    async def show_config(_: Request) -> Answer:
        return Answer({"yaml": yaml.safe_dump(_as_prometheus(config(), alertmanagers()), sort_keys=False)})

    async def show_alertmanagers(_: Request) -> Answer:
        active = [{"url": f"{url}/api/v2/alerts"} for url in alertmanagers()]
        return Answer({"activeAlertmanagers": active, "droppedAlertmanagers": []})

    return (
        Route("/api/v1/status/config", api(show_config), methods=["GET"]),
        Route("/api/v1/alertmanagers", api(show_alertmanagers), methods=["GET"]),
    )


def _as_prometheus(config: Config, alertmanagers: Sequence[str]) -> dict[str, Any]:
    """What has its like in a prometheus.yml, and no more: nothing of it is secret."""
    settings = config.global_
    return {
        "global": {
            "scrape_interval": format_duration(settings.sample_interval.milliseconds),
            "scrape_timeout": format_duration(settings.sample_timeout.milliseconds),
            "evaluation_interval": format_duration(settings.evaluation_interval.milliseconds),
            "external_labels": dict(settings.external_labels),
        },
        "rule_files": [str(path) for path in config.rule_paths or ()],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]},
        "storage": {"tsdb": {"retention": {"time": format_duration(config.storage.retention.milliseconds)}}},
    }
