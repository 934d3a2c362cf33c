"""Sentinel: one line per watched primary, and the state of the sentinel itself."""

import re
from typing import Final

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind
from exporter.samplers.info.lines import LineReader, always_anew
from exporter.sampling.info_text import parse_amount, parse_pairs

_MASTER: Final = ("master_name", "master_address")

MASTERS: Final = Family("redis_sentinel_masters", Kind.GAUGE, "Primaries that the sentinel watches.")
TILT: Final = Family("redis_sentinel_tilt", Kind.GAUGE, "Whether the sentinel is in TILT mode.")
TILT_SINCE: Final = Family(
    "redis_sentinel_tilt_since_seconds", Kind.GAUGE, "Seconds since TILT mode began; only while it lasts."
)
TILTS: Final = Family(
    "redis_sentinel_total_tilt", Kind.COUNTER, "Times that the sentinel went into TILT mode."
)
RUNNING_SCRIPTS: Final = Family("redis_sentinel_running_scripts", Kind.GAUGE, "Scripts that run right now.")
SCRIPTS_QUEUE: Final = Family(
    "redis_sentinel_scripts_queue_length", Kind.GAUGE, "Scripts that wait to be run."
)
SIMULATE_FAILURE: Final = Family(
    "redis_sentinel_simulate_failure_flags", Kind.GAUGE, "Failures that the sentinel is told to simulate."
)
STATUS: Final = Family(
    "redis_sentinel_master_status",
    Kind.GAUGE,
    "Whether the sentinel finds a primary ok.",
    (*_MASTER, "master_status"),
)
SLAVES: Final = Family("redis_sentinel_master_slaves", Kind.GAUGE, "Replicas of a primary.", _MASTER)
SENTINELS: Final = Family(
    "redis_sentinel_master_sentinels", Kind.GAUGE, "Sentinels that watch a primary.", _MASTER
)
FAMILIES: Final = (
    MASTERS,
    TILT,
    TILT_SINCE,
    TILTS,
    RUNNING_SCRIPTS,
    SCRIPTS_QUEUE,
    SIMULATE_FAILURE,
    STATUS,
    SLAVES,
    SENTINELS,
)

_PLAIN: Final = {family.name.removeprefix("redis_"): family for family in FAMILIES[:7]}
_MASTER_FIELD: Final = re.compile(r"master\d+")


class SentinelReader:
    """Makes the readers of the section's lines."""

    def __init__(self, table: SeriesTable) -> None:
        self._table = table

    def read_line(self, key: str, text: str) -> LineReader:
        """One line of the section."""
        family = _PLAIN.get(key)
        if family is not None:
            handle = self._table.handle(family)
            if handle is not None:
                self._table.values[handle] = parse_amount(text)
            return handle
        if not _MASTER_FIELD.fullmatch(key):
            return None
        pairs = parse_pairs(text)
        if "name" not in pairs:
            return None
        self._read_master(pairs)
        return always_anew

    def _read_master(self, pairs: dict[str, str]) -> None:
        labels = (pairs.get("name", ""), pairs.get("address", ""))
        status = pairs.get("status", "")
        self._table.set(STATUS, float(status == "ok"), *labels, status)
        for family, field in ((SLAVES, "slaves"), (SENTINELS, "sentinels")):
            number = parse_amount(pairs.get(field, ""))
            if number is not None:
                self._table.set(family, number, *labels)
