"""The part of a reply to INFO that samplers go by: what a server is, and how it is doing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from exporter.sampling.info_text import parse_amount, parse_version

# Who tells a version of its own besides the `redis_version` that it is compatible with.
_ENGINES: Final = ("valkey", "dragonfly", "kvrocks", "garnet", "redict", "pika", "tile38")
VERSION_FIELDS: Final = {f"{engine}_version": engine for engine in _ENGINES}


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Values of the last INFO; empty or zero before.

    `engine` is `redis`, `valkey`, `keydb`, `dragonfly`, `kvrocks`, `garnet`, `redict`, `pika` or `tile38`,
    `version` its own version, and `redis_version` the one that it claims to be compatible with.
    `replication_ids` are those of its data now and before it was promoted, `primary` and `replicas` addresses
    as it knows them. A replica `is_linked` while it
    hears its primary. `started_at` is in epoch seconds, memory in bytes. `writes` differs from what it was
    whenever anything was written meanwhile; None where a server does not tell.
    """

    engine: str = ""
    version: tuple[int, ...] = ()
    redis_version: tuple[int, ...] = ()
    mode: str = ""
    cluster_enabled: bool = False
    role: str = ""
    run_id: str = ""
    replication_ids: frozenset[str] = frozenset()
    primary: str = ""
    replicas: frozenset[str] = frozenset()
    maxmemory_policy: str = ""
    modules: frozenset[str] = frozenset()
    started_at: float = 0.0
    loading: bool = False
    is_linked: bool = False
    fork_in_progress: bool = False
    used_memory: float = 0.0
    used_memory_dataset: float = 0.0
    maxmemory: float = 0.0
    connected_clients: int = 0
    keys_by_database: Mapping[int, int] = field(default_factory=dict)
    writes: tuple[object, ...] | None = None


def parse_identity(
    fields: Mapping[str, str],
    modules: frozenset[str] = frozenset(),
    replicas: frozenset[str] = frozenset(),
) -> ServerInfo:
    """Parse what a server is, from the fields of INFO; how it is doing is left empty."""
    engine, version = _engine(fields)
    ids = {fields.get("master_replid", ""), fields.get("master_replid2", "")}
    return ServerInfo(
        engine=engine,
        version=parse_version(version),
        redis_version=parse_version(fields.get("redis_version", "")),
        mode=fields.get("redis_mode") or fields.get("server_mode", ""),
        cluster_enabled=fields.get("cluster_enabled") == "1",
        role=fields.get("role", ""),
        run_id=fields.get("run_id", ""),
        replication_ids=frozenset(one for one in ids if one.strip("0")),
        primary=_address(fields.get("master_host", ""), fields.get("master_port", "")),
        replicas=replicas,
        maxmemory_policy=fields.get("maxmemory_policy", ""),
        modules=modules,
    )


def update_state(
    identity: ServerInfo, fields: Mapping[str, str], keys_by_database: Mapping[int, int], at: float
) -> ServerInfo:
    """Return what a server is together with how it is doing now; `at` is now, in epoch seconds."""
    return replace(
        identity,
        started_at=at - _number(fields, "uptime_in_seconds"),
        loading=fields.get("loading") == "1",
        is_linked=fields.get("master_link_status") == "up",
        fork_in_progress=(
            fields.get("rdb_bgsave_in_progress") == "1" or fields.get("aof_rewrite_in_progress") == "1"
        ),
        used_memory=_number(fields, "used_memory"),
        used_memory_dataset=_number(fields, "used_memory_dataset"),
        maxmemory=_number(fields, "maxmemory"),
        connected_clients=int(_number(fields, "connected_clients")),
        keys_by_database=keys_by_database,
        writes=_writes(fields),
    )


def _writes(fields: Mapping[str, str]) -> tuple[object, ...] | None:
    """Return what differs after each write: a save sets the changes back, and tells when it was."""
    changes = fields.get("rdb_changes_since_last_save")
    if changes is None:
        return None
    return (fields.get("run_id"), fields.get("rdb_last_save_time"), changes, fields.get("master_replid"))


def _address(host: str, port: str) -> str:
    return f"{host}:{port}" if host else ""


def _number(fields: Mapping[str, str], name: str) -> float:
    return parse_amount(fields.get(name, "")) or 0.0


def _engine(fields: Mapping[str, str]) -> tuple[str, str]:
    for field_name, engine in VERSION_FIELDS.items():
        if fields.get(field_name):
            return engine, fields[field_name].removeprefix("df-").removeprefix("v")
    version = fields.get("redis_version", "")
    return ("keydb" if "mvcc_depth" in fields else "redis"), version
