"""The part of a server's own counters that is this daemon's doing: look-ups of keys, and errors."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from exporter.connection import Reply
from exporter.errors import ReplyError
from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind

HITS: Final = Family(
    "redis_vigil_own_keyspace_hits_total",
    Kind.COUNTER,
    "Hits in redis_keyspace_hits_total that are this daemon's own look-ups.",
)
MISSES: Final = Family(
    "redis_vigil_own_keyspace_misses_total",
    Kind.COUNTER,
    "Misses in redis_keyspace_misses_total that are this daemon's own look-ups.",
)
ERRORS: Final = Family(
    "redis_vigil_own_error_replies_total",
    Kind.COUNTER,
    "Errors in redis_errors_total that are answers to this daemon.",
    ("err",),
)
FAMILIES: Final = (HITS, MISSES, ERRORS)

# A code is the first word of an error; modules and scripts may make up any.
_MAX_CODES: Final = 30
_OTHER: Final = "other"


@dataclass(slots=True)
class KeyspaceStats:
    """Look-ups of all samplers of one target, and the errors they got by code, counted from the replies."""

    hits: int = 0
    misses: int = 0
    errors: dict[str, int] = field(default_factory=dict)

    def note(self, *, found: bool, count: int = 1) -> None:
        """Count look-ups of keys that are there, or are not."""
        if found:
            self.hits += count
        else:
            self.misses += count

    def note_errors(self, replies: Iterable[Reply]) -> None:
        """Count the errors among replies."""
        for reply in replies:
            if isinstance(reply, ReplyError):
                code = code_of(reply)
                if code not in self.errors and len(self.errors) >= _MAX_CODES:
                    code = _OTHER
                self.errors[code] = self.errors.get(code, 0) + 1

    def write(self, table: SeriesTable, codes: Iterable[str] = ()) -> None:
        """Write the counters beside the server's own, so that both are of one moment.

        `codes` are those of errors that the server's own counters tell from the start, so that these begin at
        the same time.
        """
        table.set(HITS, float(self.hits))
        table.set(MISSES, float(self.misses))
        for code in codes:
            if code not in self.errors:
                table.set(ERRORS, 0.0, code)
        for code, count in self.errors.items():
            table.set(ERRORS, float(count), code)


def code_of(error: ReplyError) -> str:
    """Return the code of an error, as the server counts it in `errorstats`."""
    word = str(error).partition(" ")[0]
    return word if word.isupper() and word.isascii() else "ERR"


def found_by_error(error: ReplyError) -> bool | None:
    """Return whether a command that ended in an error has found its key; None where it looked up none.

    A key of a wrong type is found, and so is that of a question that its type or the server's policy does not
    allow. Whoever may not ask, or asks the wrong node, looks nothing up.
    """
    code, text = code_of(error), str(error).lower()
    if code == "WRONGTYPE" or "maxmemory policy" in text:
        return True
    if code == "NOGROUP":
        # XINFO says so of an existing stream; XPENDING also of none at all, which it does not tell apart.
        return None if "no such key" in text else True
    return False if "no such key" in text else None
