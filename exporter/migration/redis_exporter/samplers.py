"""What a redis_exporter asks servers for, as sections of `samplers`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from exporter.errors import UsageError
from exporter.migration.go_duration import parse_go_duration
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
_MOST_PATTERNS: Final = 2_000

Sections = Mapping[str, Mapping[str, Any]]
"""`samplers`: values by key, by section."""


def read_samplers(settings: Settings, invocation: Invocation, remarks: list[str]) -> Sections:
    """The sections that are not as they are by default; raises `UsageError`."""
    sections: dict[str, dict[str, Any]] = {}
    for section, key, value in (
        *_switches(settings),
        *_choices(settings),
        *_keys(settings),
        *_server(settings, remarks),
        *_scripts(settings, invocation, remarks),
    ):
        sections.setdefault(section, {})[key] = value
    return sections


def _switches(settings: Settings) -> Iterator[tuple[str, str, Any]]:
    for flag, place in _SWITCHES.items():
        if settings.is_on(flag):
            yield place


def _choices(settings: Settings) -> Iterator[tuple[str, str, Any]]:
    for flag, (section, key) in _CHOICES.items():
        if text := settings.text(flag):
            try:
                yield section, key, [str(choice) for choice in parse_choices(text)]
            except ValueError as error:
                raise UsageError(f"{settings.origin(flag)}: {error}") from None


def _keys(settings: Settings) -> Iterator[tuple[str, str, Any]]:
    if settings.is_on("disable-exporting-key-values"):
        yield "keys", "values", "none"
    elif settings.text("check-keys") or settings.text("check-single-keys"):
        # Texts become labels, as they do there.
        yield "keys", "values", "all"
    if settings.differs("check-keys-batch-size"):
        size = _positive(settings, "check-keys-batch-size")
        yield "keys", "batch_size", size
        if settings.text("check-streams"):
            yield "streams", "batch_size", size
    if settings.is_on("skip-checkkeys-for-role-master"):
        yield "keys", "run_on", "replica"
        yield "streams", "run_on", "replica"
    if settings.differs("max-distinct-key-groups"):
        yield (
            "keyspace",
            "max_patterns",
            min(_positive(settings, "max-distinct-key-groups"), _MOST_PATTERNS),
        )


def _positive(settings: Settings, flag: str) -> int:
    number = int(settings.text(flag))
    if number < 1:
        raise UsageError(f"{settings.origin(flag)} must be at least 1, not {number}")
    return number


def _server(settings: Settings, remarks: list[str]) -> Iterator[tuple[str, str, Any]]:
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
        origin = settings.origin("check-search-indexes")
        remarks.append(f"{origin}: no effect, there and here, without --include-search-indexes-metrics")


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
            f"{settings.origin('script')}: run with EVAL as before; where all servers are Redis 7.0 or "
            "later, take read_only: false out of samplers.scripts, and scripts cannot write"
        )


def read_timeout(settings: Settings, remarks: list[str]) -> str:
    """`sample_timeout`; empty where it was not set: 15 s, its default, is long for a server that has gone."""
    if not settings.differs("connection-timeout"):
        return ""
    origin = settings.origin("connection-timeout")
    milliseconds = parse_go_duration(settings.text("connection-timeout"), origin)
    if milliseconds > _LONGEST_TIMEOUT_MS:
        remarks.append(f"{origin}: 15s, since no pass may take longer than global.sample_interval")
    return format_duration(min(milliseconds, _LONGEST_TIMEOUT_MS))
