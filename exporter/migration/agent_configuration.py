"""`agent_draft`: a `config.yml` of the servers that a monitoring agent watches."""

from collections.abc import Sequence
from typing import Any, Final

from exporter.drafts import Draft
from exporter.errors import ConfigError, Problem
from exporter.migration.configuration import draft_of, targets_of
from exporter.migration.notes import Notes
from exporter.migration.passwords import SecretFiles
from exporter.migration.servers import Server, with_own_names
from exporter.model.counts import count_of
from exporter.model.duration import format_duration

_NAMES: Final = (
    "metrics have the names of redis_exporter, such as redis_memory_used_bytes: docs/metrics.md lists them"
)
_ALERTS: Final = (
    "the alerts are those that come with redis-vigil (docs/rules.md); what you have in {} is not in this file"
)
_SERVICES: Final = {"telegraf": "InfluxDB or Grafana", "datadog": "Datadog's monitors", "netdata": "health.d"}


def agent_draft(
    agent: str,
    file: str,
    servers: Sequence[Server],
    notes: Notes,
    *,
    interval_ms: int = 0,
    sections: dict[str, Any] | None = None,
    files: dict[str, str] | None = None,
) -> Draft:
    """Return the draft; `sections` and `files` are what there is besides the servers.

    Raises `ConfigError` where nothing could be taken, with why.
    """
    if not servers:
        problems = [Problem((), line) for line in notes.differs]
        raise ConfigError([*problems, Problem((), "no server of it can be taken", file=file)])
    servers = with_own_names(servers, notes)
    secrets = SecretFiles()
    entries = [server.entry(secrets, notes, interval_ms) for server in servers]
    notes.found.insert(0, f"{file}: {count_of(len(servers), 'server')}")
    notes.differ(_NAMES)
    notes.differ(_ALERTS.format(_SERVICES[agent]))
    interval = {"global": {"sample_interval": format_duration(interval_ms)}} if interval_ms else {}
    document = {**interval, **targets_of(entries), **(sections or {})}
    heading = (
        f"Made by `redis-vigil migrate {agent}` of {file}.\n"
        "`redis-vigil check config config.yml` tells what is wrong, docs/configuration.md has every key."
    )
    return draft_of(document, heading, secrets, notes, files)
