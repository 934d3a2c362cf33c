"""The facts about a server that its INFO tells: what it is, and how it is doing."""

from collections.abc import Mapping
from typing import Final

from exporter.sampling.base import TargetFacts
from exporter.sampling.info_text import parse_amount, parse_version

# Who tells a version of its own besides the `redis_version` that it is compatible with.
_FLAVOURS: Final = ("valkey", "dragonfly", "kvrocks", "garnet", "redict", "pika", "tile38")
VERSION_FIELDS: Final = {f"{flavour}_version": flavour for flavour in _FLAVOURS}


def learn_identity(fields: Mapping[str, str], facts: TargetFacts) -> None:
    """Note for other samplers what the server is."""
    facts.flavour, version = _flavour(fields)
    facts.version = parse_version(version)
    facts.redis_version = parse_version(fields.get("redis_version", ""))
    facts.mode = fields.get("redis_mode") or fields.get("server_mode", "")
    facts.cluster_enabled = fields.get("cluster_enabled") == "1"
    facts.role = fields.get("role", "")
    facts.run_id = fields.get("run_id", "")
    ids = {fields.get("master_replid", ""), fields.get("master_replid2", "")}
    facts.replication_ids = frozenset(one for one in ids if one.strip("0"))
    facts.maxmemory_policy = fields.get("maxmemory_policy", "")


def learn_state(fields: Mapping[str, str], facts: TargetFacts, at: float) -> None:
    """Note for other samplers how the server is doing; `at` is now, in epoch seconds."""
    facts.started_at = at - _number(fields, "uptime_in_seconds")
    facts.loading = fields.get("loading") == "1"
    facts.is_linked = fields.get("master_link_status") == "up"
    facts.fork_in_progress = (
        fields.get("rdb_bgsave_in_progress") == "1" or fields.get("aof_rewrite_in_progress") == "1"
    )
    facts.used_memory = _number(fields, "used_memory")
    facts.used_memory_dataset = _number(fields, "used_memory_dataset")
    facts.maxmemory = _number(fields, "maxmemory")
    facts.connected_clients = int(_number(fields, "connected_clients"))
    facts.writes = _writes(fields)


def _writes(fields: Mapping[str, str]) -> tuple[object, ...] | None:
    """What is something else after each write: a save sets the changes back, and tells when it was."""
    changes = fields.get("rdb_changes_since_last_save")
    if changes is None:
        return None
    return (fields.get("run_id"), fields.get("rdb_last_save_time"), changes, fields.get("master_replid"))


def _number(fields: Mapping[str, str], name: str) -> float:
    return parse_amount(fields.get(name, "")) or 0.0


def _flavour(fields: Mapping[str, str]) -> tuple[str, str]:
    for field, flavour in VERSION_FIELDS.items():
        if fields.get(field):
            return flavour, fields[field].removeprefix("df-").removeprefix("v")
    version = fields.get("redis_version", "")
    return ("keydb" if "mvcc_depth" in fields else "redis"), version
