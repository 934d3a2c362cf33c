"""Replication: what a replica says of its primaries, and a primary of its replicas."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from exporter.metrics import LabelCap, SeriesTable
from exporter.samplers.info.fields import replication as fields
from exporter.samplers.info.line_reader import FULL_REPARSE, IGNORED, CallbackReader, LineReader, read_number
from exporter.sampling.info_text import parse_amount, parse_pairs

# KeyDB's replicas can have several primaries: master_host, master_1_host, …
_PRIMARY_FIELD: Final = re.compile(r"(master(?:_\d+)?|slave)_([a-z]\w*)", re.ASCII)
_PRIMARY_PLACE: Final = re.compile(r"(master(?:_\d+)?)_(host|port):(.*)", re.ASCII)
_REPLICA_FIELD: Final = re.compile(r"slave\d+", re.ASCII)
# By what follows `master_`, `master_1_` or `slave_`.
OF_PRIMARY: Final = {field.name.partition("_")[2]: field.family for field in fields.OF_PRIMARY}
MAX_REPLICAS: Final = 1_000


_REPLICA_OF: Final = "slave"
_Labels = tuple[str, str, str]


class ReplicationReader:
    """Makes the readers of the section's lines."""

    def __init__(self, table: SeriesTable, replicas: LabelCap) -> None:
        self._table = table
        self._cap = replicas
        # Host and port of each primary by the beginning of its fields, and of the one that was told of last.
        self._primaries: dict[str, dict[str, str]] = {}
        self._primary = ""
        self._replicas: dict[_Labels, _Replica] = {}
        self._lines = 0

    def begin(self, lines: Sequence[str]) -> None:
        """Prepare for a reply that is parsed as a whole."""
        self._primaries = {}
        for line in lines:
            match = _PRIMARY_PLACE.fullmatch(line)
            if match is not None:
                self._primaries.setdefault(match[1], {})[match[2]] = match[3]
        self._primary = next(iter(self._primaries), "")
        self._replicas = {}
        self._lines = 0

    @property
    def replicas(self) -> frozenset[str]:
        """The addresses of the replicas."""
        return frozenset(f"{host}:{port}" for host, port, _ in self._replicas if host)

    def read_line(self, key: str, text: str) -> LineReader | None:
        """Read a line; None if it is none of those that carry labels."""
        if _REPLICA_FIELD.fullmatch(key):
            return self._read_replica(text)
        match = _PRIMARY_FIELD.fullmatch(key)
        # `master_repl_offset` is every server's own.
        if match is None or key == "master_repl_offset":
            return None
        beginning, what = match[1], match[2]
        if what in {"host", "port"}:
            self._primary = beginning
            return FULL_REPARSE
        family = OF_PRIMARY.get(what)
        if family is None:
            return None
        # What a replica says of itself stands after what it says of the primary.
        place = self._primaries.get(self._primary if beginning == _REPLICA_OF else beginning, {})
        index = self._table.index(family, place.get("host", ""), place.get("port", ""))
        return read_number(index, text, self._table.values)

    def _read_replica(self, text: str) -> LineReader:
        self._lines += 1
        if self._lines > MAX_REPLICAS:
            self._cap.leave_out(1)
            return IGNORED
        labels = _replica_labels(parse_pairs(text))
        replica = self._replicas.get(labels)
        if replica is None:
            replica = self._replicas[labels] = _Replica(self._table, labels)
        return replica.reader(text)


class _Replica:
    """The series of one replica.

    Several may announce the same address, such as those behind one NAT: then the worst of them counts.
    """

    def __init__(self, table: SeriesTable, labels: _Labels) -> None:
        self._table = table
        self._labels = labels
        self._offset = table.index(fields.REPLICA_OFFSET.family, *labels)
        self._lag = table.index(fields.REPLICA_LAG.family, *labels)
        # By line.
        self._offsets: list[float | None] = []
        self._lags: list[float | None] = []

    def reader(self, text: str) -> LineReader:
        """Read one more line, and return its reader for the next time."""
        line = len(self._lags)
        self._offsets.append(None)
        self._lags.append(None)

        def read(text: str) -> bool:
            pairs = parse_pairs(text)
            if _replica_labels(pairs) != self._labels:
                return False
            self._offsets[line] = parse_amount(pairs.get("offset", ""))
            # -1 stands for a replica that has never acknowledged, or speaks a protocol without.
            self._lags[line] = parse_amount(pairs.get("lag", ""))
            self._write(self._offset, self._offsets, min)
            self._write(self._lag, self._lags, max)
            return True

        read(text)
        return CallbackReader(read)

    def _write(
        self, index: int | None, told: Sequence[float | None], worst: Callable[[Sequence[float]], float]
    ) -> None:
        known = [value for value in told if value is not None]
        if index is not None:
            self._table.values[index] = worst(known) if known else None


def _replica_labels(pairs: dict[str, str]) -> _Labels:
    return pairs.get("ip", ""), pairs.get("port", ""), pairs.get("state", "")
