"""The commands that the samplers ask, and since which versions servers know them.

Source of the versions: https://redis.io/docs/latest/commands/ and https://valkey.io/commands/.
"""

from collections.abc import Mapping, Sequence
from typing import Final

# By sampler: the beginning of a metric's name, the command, and the version. The first that fits counts.
_Commands = Sequence[tuple[str, str, str]]
_DAEMON: Final = "the daemon"
_COMMANDS: Final[Mapping[str, _Commands]] = {
    "slowlog": (
        ("redis_commandlog_", "COMMANDLOG LEN", "Valkey 8.1"),
        ("redis_slowlog_length", "SLOWLOG LEN", "Redis 2.2.12"),
        ("", "SLOWLOG GET", "Redis 2.2.12"),
    ),
    "latency": (
        ("redis_latency_spike_", "LATENCY LATEST", "Redis 2.8.13"),
        ("redis_vigil_connects_", _DAEMON, ""),
        ("", "PING", "Redis 1.0"),
    ),
    "command_latency": (("", "LATENCY HISTOGRAM", "Redis 7.0"),),
    "clients": (("", "CLIENT LIST", "Redis 2.4"),),
    "config": (
        ("redis_rdb_", "CONFIG GET, and the file's size", "Redis 2.0"),
        ("redis_commandlog_", "CONFIG GET", "Valkey 8.1"),
        ("", "CONFIG GET", "Redis 2.0"),
    ),
    "changes": (("", "CONFIG GET and ACL LIST", "Redis 6.0"),),
    "acl": (("", "ACL LOG", "Redis 6.0"),),
    "sentinel": (
        ("redis_sentinel_config_", "SENTINEL CONFIG GET", "Redis 6.2"),
        ("redis_sentinel_master_ckquorum", "SENTINEL CKQUORUM", "Redis 2.8"),
        ("redis_sentinel_master_ok_sentinels", "SENTINEL SENTINELS", "Redis 2.8"),
        ("redis_sentinel_peer_", "SENTINEL SENTINELS", "Redis 2.8"),
        ("redis_sentinel_master_ok_slaves", "SENTINEL SLAVES", "Redis 2.8"),
        ("", "SENTINEL MASTERS", "Redis 2.8"),
    ),
    "keys": (
        ("redis_keys_count", "SCAN", "Redis 2.8"),
        ("redis_key_memory_", "MEMORY USAGE", "Redis 4.0"),
        ("redis_key_value", "GETRANGE", "Redis 2.4"),
        ("", "TYPE, and the length by type (STRLEN, LLEN, …)", "Redis 1.0"),
    ),
    "streams": (
        ("redis_stream_group_consumer_", "XINFO CONSUMERS", "Redis 5.0"),
        ("redis_stream_group_", "XINFO GROUPS", "Redis 5.0"),
        ("", "XINFO STREAM", "Redis 5.0"),
    ),
    "scripts": (("", "scripts that the configuration names", "Redis 2.6"),),
    "queues": (
        ("redis_vigil_", _DAEMON, ""),
        ("", "the keys of each framework ([queues](queues.md))", ""),
    ),
    "keyspace": (
        ("redis_keyspace_scan", "the scan ([keyspace](keyspace.md))", ""),
        ("redis_keyspace_encoding_", "SCAN, OBJECT ENCODING", "Redis 2.8"),
        ("redis_keyspace_ttl_", "SCAN, PTTL", "Redis 2.8"),
        ("redis_keyspace_idle_", "SCAN, OBJECT IDLETIME", "Redis 2.8"),
        ("redis_keyspace_access_", "SCAN, OBJECT FREQ", "Redis 4.0"),
        ("", "SCAN, TYPE, PTTL, MEMORY USAGE", "Redis 4.0"),
    ),
    "status": (
        ("redis_up", "INFO", "Redis 1.0"),
        ("redis_exporter_", "INFO", "Redis 1.0"),
        ("", _DAEMON, ""),
    ),
    "lookups": (("", _DAEMON, ""),),
}


def command_of(sampler: str, metric: str) -> tuple[str, str]:
    """Return the command that a sampler's metric comes from, and the version that first had it."""
    return next(
        (command, since) for beginning, command, since in _COMMANDS[sampler] if metric.startswith(beginning)
    )
