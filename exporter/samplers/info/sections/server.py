"""Server: identity, start time, and the facts that other samplers need."""

from collections.abc import Mapping
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.base import TargetFacts
from exporter.samplers.info.parser import parse_number, parse_version

START_TIME: Final = Family(
    "redis_start_time_seconds", Kind.GAUGE, "When the server started, in seconds since the epoch."
)
CONFIGURED_HZ: Final = Family("redis_configured_hz", Kind.GAUGE, "INFO field configured_hz.")
HZ: Final = Family("redis_hz", Kind.GAUGE, "INFO field hz.")
LATEST_FORK: Final = Family(
    "redis_latest_fork_seconds", Kind.GAUGE, "How long the latest fork held up the server."
)
INSTANCE_INFO: Final = Family(
    "redis_instance_info",
    Kind.GAUGE,
    "What the server is; always 1.",
    (
        "role",
        "redis_version",
        "redis_build_id",
        "redis_mode",
        "os",
        "maxmemory_policy",
        "tcp_port",
        "run_id",
        "process_id",
        "master_replid",
        "valkey_version",
        "valkey_release_stage",
        "availability_zone",
    ),
)
FAMILIES: Final = (START_TIME, CONFIGURED_HZ, HZ, LATEST_FORK, INSTANCE_INFO)


def read_server(fields: Mapping[str, str], table: SeriesTable, at: float) -> None:
    """Write what the server says of itself; `at` is now, in epoch seconds."""
    uptime = parse_number(fields.get("uptime_in_seconds", ""))
    if uptime is not None:
        # Whole seconds, as both sides count them: else the start would wander by the fraction.
        table.set(START_TIME, int(at) - uptime)
    for field, family, scale in (
        ("configured_hz", CONFIGURED_HZ, 1.0),
        ("hz", HZ, 1.0),
        ("latest_fork_usec", LATEST_FORK, 1e-6),
    ):
        number = parse_number(fields.get(field, ""))
        if number is not None:
            table.set(family, number * scale)
    mode = fields.get("redis_mode") or fields.get("server_mode", "")
    values = [mode if name == "redis_mode" else fields.get(name, "") for name in INSTANCE_INFO.label_names]
    table.set(INSTANCE_INFO, 1.0, *values)


def learn_facts(
    fields: Mapping[str, str], keys_by_database: dict[int, int], facts: TargetFacts, at: float
) -> None:
    """Note for other samplers what the server is and how it is doing."""
    facts.flavour, version = _flavour(fields)
    facts.version = parse_version(version)
    facts.redis_version = parse_version(fields.get("redis_version", ""))
    facts.mode = fields.get("redis_mode") or fields.get("server_mode", "")
    facts.role = fields.get("role", "")
    facts.run_id = fields.get("run_id", "")
    facts.started_at = at - _number(fields, "uptime_in_seconds")
    facts.maxmemory_policy = fields.get("maxmemory_policy", "")
    facts.loading = fields.get("loading") == "1"
    facts.fork_in_progress = (
        fields.get("rdb_bgsave_in_progress") == "1" or fields.get("aof_rewrite_in_progress") == "1"
    )
    facts.used_memory = _number(fields, "used_memory")
    facts.used_memory_dataset = _number(fields, "used_memory_dataset")
    facts.maxmemory = _number(fields, "maxmemory")
    facts.keys_by_database = keys_by_database


def _number(fields: Mapping[str, str], name: str) -> float:
    return parse_number(fields.get(name, "")) or 0.0


def _flavour(fields: Mapping[str, str]) -> tuple[str, str]:
    if "valkey_version" in fields:
        return "valkey", fields["valkey_version"]
    if "dragonfly_version" in fields:
        return "dragonfly", fields["dragonfly_version"].removeprefix("df-v")
    version = fields.get("redis_version", "")
    return ("keydb" if "mvcc_depth" in fields else "redis"), version
