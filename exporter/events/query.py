"""`EventQuery`: which events are wanted, page by page, the newest first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
"""The most events of one page."""
MAX_INSTANCES: Final = 20
"""How many instances can be asked for at once."""

_CURSOR: Final = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place behind an event in the order of all: its moment (epoch milliseconds) and its number."""

    at_ms: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `str` of a cursor; raises `ValueError`."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise ValueError("not a cursor: take next_cursor of the page before, as it is")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.at_ms}-{self.number}"


@dataclass(frozen=True, slots=True)
class EventQuery:
    """The events of these instances and kinds, between two moments, both included (epoch milliseconds).

    Without instances, kinds, or a moment, there is no such bound. `after` is the cursor of the page before.
    `containing`: only events whose fields, as JSON, hold this text; with few of them all others are read too.
    """

    instances: Sequence[str] = ()
    kinds: Sequence[str] = ()
    since_ms: int | None = None
    until_ms: int | None = None
    limit: int = DEFAULT_LIMIT
    after: Cursor | None = None
    containing: str = ""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was kept; `number` tells apart those of one moment."""

    number: int
    at_ms: int
    instance: str
    kind: str
    fields: Mapping[str, Any]

    @property
    def cursor(self) -> Cursor:
        """The place behind it."""
        return Cursor(self.at_ms, self.number)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data; `at` in epoch seconds."""
        return {
            "id": str(self.cursor),
            "at": self.at_ms / 1000,
            "instance": self.instance,
            "kind": self.kind,
            "fields": dict(self.fields),
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Events, the newest first; `next_cursor`: there are more behind it."""

    events: Sequence[StoredEvent]
    next_cursor: Cursor | None = None
