"""Replication: what a replica says of its primaries, and a primary of its replicas."""

import re
from collections.abc import Mapping
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.info.parser import Section, parse_number, parse_pairs

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
REPL_OFFSET: Final = Family(
    "redis_slave_repl_offset", Kind.GAUGE, "Replication offset of a replica.", _PRIMARY
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
    REPL_OFFSET,
    SLAVE_INFO,
    REPLICA_OFFSET,
    REPLICA_LAG,
)

# KeyDB's replicas can have several primaries: master_host, master_1_host, …
_PRIMARY_FIELD: Final = re.compile(
    r"master(_\d+)?_(host|port|link_status|last_io_seconds_ago|sync_in_progress)"
)
_REPLICA_FIELD: Final = re.compile(r"slave\d+")
_NUMBERS: Final = {"last_io_seconds_ago": LAST_IO, "sync_in_progress": SYNC_IN_PROGRESS}


def read_replication(section: Section, fields: Mapping[str, str], table: SeriesTable) -> None:
    """Write the section into the table; `fields` are those of all sections."""
    host, port = "", ""
    for key, value in section:
        if match := _PRIMARY_FIELD.fullmatch(key):
            what = match[2]
            if what == "host":
                host = value
            elif what == "port":
                port = value
            elif what == "link_status":
                table.set(LINK_UP, 1.0 if value == "up" else 0.0, host, port)
            else:
                table.set(_NUMBERS[what], parse_number(value) or 0.0, host, port)
        elif key == "slave_repl_offset":
            table.set(REPL_OFFSET, parse_number(value) or 0.0, host, port)
        elif _REPLICA_FIELD.fullmatch(key):
            _read_replica(value, table)
    if fields.get("role") == "slave":
        table.set(
            SLAVE_INFO,
            1.0,
            fields.get("master_host", ""),
            fields.get("master_port", ""),
            fields.get("slave_read_only", ""),
        )


def _read_replica(value: str, table: SeriesTable) -> None:
    pairs = parse_pairs(value)
    labels = (pairs.get("ip", ""), pairs.get("port", ""), pairs.get("state", ""))
    offset, lag = parse_number(pairs.get("offset", "")), parse_number(pairs.get("lag", ""))
    if offset is not None:
        table.set(REPLICA_OFFSET, offset, *labels)
    # -1 stands for a replica that has never acknowledged, or speaks a protocol without.
    if lag is not None and lag > -1:
        table.set(REPLICA_LAG, lag, *labels)
