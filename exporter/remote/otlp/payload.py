"""Requests of a bounded size, encoded and compressed, as they wait to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.metrics import gzip_parts

MOST_BYTES: Final = 2 << 20
"""A request has about so many bytes at most, before compression."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The body of a request, as it is sent; `items` are the data points or log records in it."""

    body: bytes
    items: int
    is_gzip: bool


class Requests:
    """Joins messages to requests of about `most_bytes`.

    They are joined as bytes: two messages after each other are the message with the repeated fields of both
    (protobuf.dev/programming-guides/encoding, "Last One Wins").
    """

    def __init__(self, *, is_gzip: bool, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._is_gzip = is_gzip
        self._parts: list[bytes] = []
        self._size = self._items = 0
        self._made: list[Payload] = []

    def add(self, request: bytes, items: int) -> None:
        """Add a request of its own to those that are joined."""
        if self._parts and self._size + len(request) > self.most_bytes:
            self._flush()
        self._parts.append(request)
        self._size += len(request)
        self._items += items

    def _flush(self) -> None:
        body = gzip_parts(self._parts) if self._is_gzip else b"".join(self._parts)
        self._made.append(Payload(body, self._items, self._is_gzip))
        self._parts, self._size, self._items = [], 0, 0

    def take(self) -> Sequence[Payload]:
        """Return all that was added, as payloads."""
        if self._parts:
            self._flush()
        made, self._made = self._made, []
        return made
