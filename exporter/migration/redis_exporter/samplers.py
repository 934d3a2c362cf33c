"""What redis_exporter asks servers for, as `samplers` and `global`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from exporter.errors import UsageError
from exporter.migration.piece import Piece
from exporter.migration.redis_exporter.go_duration import parse_go_duration
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.settings import Settings
from exporter.model.duration import format_duration
from exporter.model.key_choice import parse_choices

# Flags that make a key true or false.
_SWITCHES: Final = {
    "streams-exclude-consumer-metrics": ("streams", "consumers", False),
    "export-client-list": ("clients", "per_connection", True),
    "export-client-port": ("clients", "include_port", True),
    "include-config-metrics": ("config", "all", True),
    "include-sentinel-peer-info": ("sentinel", "peers", True),
    "exclude-latency-histogram-metrics": ("command_latency", "enabled", False),
    "include-rdb-file-size-metric": ("config", "rdb_file", True),
}
# Flags with lists of keys.
_CHOICES: Final = {
    "check-keys": ("keys", "check"),
    "check-single-keys": ("keys", "check_single"),
    "count-keys": ("keys", "count"),
    "check-streams": ("streams", "check"),
    "check-single-streams": ("streams", "check_single"),
}
_LONGEST_TIMEOUT_MS: Final = 15_000


def convert_samplers(settings: Settings, invocation: Invocation) -> Piece:
    """The sections of samplers that differ from the defaults; raises `UsageError`."""
    sections: dict[str, dict[str, Any]] = {}
    remarks: list[str] = []

    def put(section: str, key: str, value: Any) -> None:
        sections.setdefault(section, {})[key] = value

    for flag, (section, key, value) in _SWITCHES.items():
        if settings.is_on(flag):
            put(section, key, value)
    for flag, (section, key) in _CHOICES.items():
        if text := settings.text(flag):
            put(section, key, _choices(text, settings.origin(flag)))
    for section, key, value in (*_key_settings(settings, remarks), *_others(settings, invocation, remarks)):
        put(section, key, value)
    document: dict[str, Any] = {"samplers": sections} if sections else {}
    return Piece({**_timeout(settings, remarks), **document}, differs=remarks)


def _choices(text: str, origin: str) -> list[str]:
    try:
        return [str(choice) for choice in parse_choices(text)]
    except ValueError as error:
        raise UsageError(f"{origin}: {error}") from None


def _key_settings(settings: Settings, remarks: list[str]) -> Iterator[tuple[str, str, Any]]:
    keys = any(settings.text(flag) for flag in ("check-keys", "check-single-keys"))
    if settings.is_on("disable-exporting-key-values"):
        yield "keys", "values", "none"
    elif keys:
        yield "keys", "values", "all"
    if settings.differs("check-keys-batch-size"):
        size = _positive(settings, "check-keys-batch-size")
        yield "keys", "batch_size", size
        if settings.text("check-streams"):
            yield "streams", "batch_size", size


def _others(settings: Settings, invocation: Invocation, remarks: list[str]) -> Iterator[tuple[str, str, Any]]:
    command = settings.text("config-command")
    if command == "-":
        yield "config", "enabled", False
    elif settings.differs("config-command"):
        yield "config", "config_command", command
    if not settings.is_on("include-metrics-for-empty-databases"):
        yield "info", "empty_databases", False
    if settings.is_on("include-search-indexes-metrics"):
        yield "modules", "search_indexes", settings.text("check-search-indexes")
    elif settings.differs("check-search-indexes"):
        remarks.append(
            f"{settings.origin('check-search-indexes')}: without effect, there and here, without "
            "--include-search-indexes-metrics"
        )
    if settings.differs("max-distinct-key-groups"):
        yield "keyspace", "max_patterns", min(_positive(settings, "max-distinct-key-groups"), 2000)
    yield from _scripts(settings, invocation, remarks)


def _positive(settings: Settings, flag: str) -> int:
    number = int(settings.text(flag))
    if number < 1:
        raise UsageError(f"{settings.origin(flag)} must be at least 1, not {number}")
    return number


def _scripts(
    settings: Settings, invocation: Invocation, remarks: list[str]
) -> Iterator[tuple[str, str, Any]]:
    names = settings.text("script")
    if not names:
        return
    yield "scripts", "files", [str(invocation.path(name)) for name in names.split(",")]
    if not settings.is_on("lua-script-read-only"):
        yield "scripts", "read_only", False
        remarks.append(
            "--script: scripts run with EVAL as before; take read_only: false out of samplers.scripts where "
            "the servers are Redis 7.0 or later, and a script cannot write any more"
        )


def _timeout(settings: Settings, remarks: list[str]) -> Mapping[str, Any]:
    """The timeout where it was set: its default of 15 seconds is long for a server that has gone."""
    if not settings.differs("connection-timeout"):
        return {}
    origin = settings.origin("connection-timeout")
    milliseconds = parse_go_duration(settings.text("connection-timeout"), origin)
    if milliseconds > _LONGEST_TIMEOUT_MS:
        remarks.append(f"{origin}: 15s, since no pass may take longer than global.sample_interval")
    return {"global": {"sample_timeout": format_duration(min(milliseconds, _LONGEST_TIMEOUT_MS))}}
