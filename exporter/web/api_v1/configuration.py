"""`status/config` and `alertmanagers`: how the daemon is configured, in Prometheus' words."""

from collections.abc import Sequence
from typing import Any, Protocol

import yaml
from starlette.requests import Request
from starlette.routing import Route

from exporter.config.fields import format_size
from exporter.config.main import Config
from exporter.model.duration import format_duration
from exporter.web.api_v1.reply import Answer, api
from exporter.web.directory import CurrentConfig


class Alertmanagers(Protocol):
    """Receivers of the alerts of the rules."""

    @property
    def urls(self) -> Sequence[str]:
        """Their URLs, without passwords."""
        ...


def routes(current: CurrentConfig, alertmanagers: Alertmanagers) -> Sequence[Route]:
    """The routes; `alertmanagers` get the alerts."""

    async def show_config(_: Request) -> Answer:
        shown = _as_prometheus(current.config, alertmanagers.urls)
        return Answer({"yaml": yaml.safe_dump(shown, sort_keys=False)})

    async def show_alertmanagers(_: Request) -> Answer:
        active = [{"url": f"{url}/api/v2/alerts"} for url in alertmanagers.urls]
        return Answer({"activeAlertmanagers": active, "droppedAlertmanagers": []})

    return (
        Route("/api/v1/status/config", api(show_config), methods=["GET"]),
        Route("/api/v1/alertmanagers", api(show_alertmanagers), methods=["GET"]),
    )


def _as_prometheus(config: Config, alertmanagers: Sequence[str]) -> dict[str, Any]:
    """Return the settings that a prometheus.yml has too, and no more: nothing of it is secret."""
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
        "storage": {"tsdb": {"retention": _retention(config)}},
        "remote_write": [
            {
                "url": section.url.shown,
                "name": section.shown_name,
                "remote_timeout": str(section.remote_timeout),
                "protobuf_message": section.protobuf_message,
            }
            for section in config.remote_write
        ],
    }


def _retention(config: Config) -> dict[str, str]:
    storage = config.storage
    if storage.path is None or not storage.history.milliseconds:
        return {"time": format_duration(storage.retention.milliseconds)}
    return {"time": format_duration(storage.history.milliseconds), "size": format_size(storage.history_size)}
