"""Replication: what a replica says of its primaries, and a primary of its replicas."""

import re
from typing import Final

from exporter.metrics import LabelCap, SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.info.lines import LineReader, always_anew
from exporter.samplers.info.parser import parse_number, parse_pairs

_PRIMARY: Final = ("master_host", "master_port")
_REPLICA: Final = ("slave_ip", "slave_port", "slave_state")

LINK_UP: Final = Family(
    "redis_master_link_up", Kind.GAUGE, "Whether the link to the primary is up.", _PRIMARY
)
LAST_IO: Final = Family(
    "redis_master_last_io_seconds_ago", Kind.GAUGE, "Seconds since the primary was last heard.", _PRIMARY
)
SYNC_IN_PROGRESS: Final = Family(
    "redis_master_sync_in_progress", Kind.GAUGE, "Whether the primary is sending a full copy.", _PRIMARY
)
LINK_DOWN: Final = Family(
    "redis_master_link_down_since_seconds",
    Kind.GAUGE,
    "Seconds since the link to the primary went down; only while it is.",
    _PRIMARY,
)
SYNC_TOTAL: Final = Family(
    "redis_master_sync_total_bytes", Kind.GAUGE, "Size of the full copy on its way, if known.", _PRIMARY
)
SYNC_READ: Final = Family(
    "redis_master_sync_read_bytes", Kind.GAUGE, "How much of the full copy has arrived.", _PRIMARY
)
SYNC_LEFT: Final = Family(
    "redis_master_sync_left_bytes", Kind.GAUGE, "How much of the full copy is still to come.", _PRIMARY
)
SYNC_LAST_IO: Final = Family(
    "redis_master_sync_last_io_seconds_ago", Kind.GAUGE, "Seconds since a full copy went on.", _PRIMARY
)
SYNC_PERCENTAGE: Final = Family(
    "redis_master_sync_percentage", Kind.GAUGE, "How much of the full copy has arrived, in percent.", _PRIMARY
)
SYNC_ATTEMPTS: Final = Family(
    "redis_master_sync_attempts_total", Kind.COUNTER, "Times that a replica tried to synchronise.", _PRIMARY
)
CURRENT_SYNC_ATTEMPTS: Final = Family(
    "redis_master_current_sync_attempts",
    Kind.GAUGE,
    "Times that a replica tried to synchronise since it was last disconnected.",
    _PRIMARY,
)
LINK_UP_SINCE: Final = Family(
    "redis_master_link_up_since_seconds", Kind.GAUGE, "Seconds since the link to the primary is up.", _PRIMARY
)
REPL_OFFSET: Final = Family(
    "redis_slave_repl_offset", Kind.GAUGE, "Replication offset of a replica.", _PRIMARY
)
READ_OFFSET: Final = Family(
    "redis_slave_read_repl_offset", Kind.GAUGE, "Replication offset that a replica has received.", _PRIMARY
)
SLAVE_INFO: Final = Family(
    "redis_slave_info",
    Kind.GAUGE,
    "Where a replica replicates from; always 1.",
    (*_PRIMARY, "read_only"),
)
REPLICA_OFFSET: Final = Family(
    "redis_connected_slave_offset_bytes", Kind.GAUGE, "Offset that a replica has acknowledged.", _REPLICA
)
REPLICA_LAG: Final = Family(
    "redis_connected_slave_lag_seconds", Kind.GAUGE, "Seconds since a replica last acknowledged.", _REPLICA
)
FAMILIES: Final = (
    LINK_UP,
    LAST_IO,
    SYNC_IN_PROGRESS,
    LINK_DOWN,
    SYNC_TOTAL,
    SYNC_READ,
    SYNC_LEFT,
    SYNC_LAST_IO,
    SYNC_PERCENTAGE,
    SYNC_ATTEMPTS,
    CURRENT_SYNC_ATTEMPTS,
    LINK_UP_SINCE,
    REPL_OFFSET,
    READ_OFFSET,
    SLAVE_INFO,
    REPLICA_OFFSET,
    REPLICA_LAG,
)

# KeyDB's replicas can have several primaries: master_host, master_1_host, …
_PRIMARY_FIELD: Final = re.compile(r"(?:master(?:_\d+)?|slave)_(\w+)")
_REPLICA_FIELD: Final = re.compile(r"slave\d+")
_OF_PRIMARY: Final = {
    "link_status": LINK_UP,
    "last_io_seconds_ago": LAST_IO,
    "sync_in_progress": SYNC_IN_PROGRESS,
    "link_down_since_seconds": LINK_DOWN,
    "sync_total_bytes": SYNC_TOTAL,
    "sync_read_bytes": SYNC_READ,
    "sync_left_bytes": SYNC_LEFT,
    "sync_last_io_seconds_ago": SYNC_LAST_IO,
    "sync_perc": SYNC_PERCENTAGE,
    "total_sync_attempts": SYNC_ATTEMPTS,
    "current_sync_attempts": CURRENT_SYNC_ATTEMPTS,
    "link_up_since_seconds": LINK_UP_SINCE,
    "repl_offset": REPL_OFFSET,
    "read_repl_offset": READ_OFFSET,
}
MAX_REPLICAS: Final = 1_000


class ReplicationReader:
    """Makes the readers of the section's lines."""

    def __init__(self, table: SeriesTable, replicas: LabelCap) -> None:
        self._table = table
        self._cap = replicas
        self._primary = ("", "")
        self._replicas = 0

    def begin(self) -> None:
        """A reply is read anew."""
        self._primary = ("", "")
        self._replicas = 0

    def read_line(self, key: str, text: str) -> LineReader:
        """One line; None where it is none of those that carry labels."""
        if _REPLICA_FIELD.fullmatch(key):
            return self._read_replica(text)
        match = _PRIMARY_FIELD.fullmatch(key)
        # `master_repl_offset` is every server's own.
        if match is None or key == "master_repl_offset":
            return None
        what = match[1]
        if what in {"host", "port"}:
            host, port = self._primary
            self._primary = (text, port) if what == "host" else (host, text)
            return always_anew
        family = _OF_PRIMARY.get(what)
        if family is None:
            return None
        handle = self._table.handle(family, *self._primary)
        if handle is not None:
            self._table.values[handle] = parse_number(text)
        return handle

    def _read_replica(self, text: str) -> LineReader:
        self._replicas += 1
        if self._replicas > MAX_REPLICAS:
            self._cap.folded += 1
            return None
        table, labels = self._table, _replica_labels(parse_pairs(text))
        offset_handle = table.handle(REPLICA_OFFSET, *labels)
        lag_handle = table.handle(REPLICA_LAG, *labels)
        if offset_handle is None or lag_handle is None:
            return None

        def read(text: str) -> bool:
            pairs = parse_pairs(text)
            if _replica_labels(pairs) != labels:
                return False
            lag = parse_number(pairs.get("lag", ""))
            table.values[offset_handle] = parse_number(pairs.get("offset", ""))
            # -1 stands for a replica that has never acknowledged, or speaks a protocol without.
            table.values[lag_handle] = None if lag is None or lag <= -1 else lag
            return True

        read(text)
        return read


def _replica_labels(pairs: dict[str, str]) -> tuple[str, str, str]:
    return pairs.get("ip", ""), pairs.get("port", ""), pairs.get("state", "")
