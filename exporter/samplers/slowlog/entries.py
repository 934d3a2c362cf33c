"""Entries of a slow log, parsed from replies.

Format: https://redis.io/docs/latest/commands/slowlog-get/ — id, second, microseconds, arguments, and since
Redis 4 the client's address and name; Redis 8.10 adds how many arguments there were. Redis Enterprise puts a
text about the complexity before the arguments. Valkey's COMMANDLOG has bytes in place of microseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.connection import Reply

_MAX_DIGITS: Final = 19


@dataclass(frozen=True, slots=True)
class Entry:
    """One logged command.

    `at` is the second (epoch) at which it ran; `value` is its time in microseconds, or its size in bytes. The
    server has cut the arguments: at most 32, of at most 128 bytes.
    """

    id: int
    at: int
    value: int
    arguments: Sequence[bytes]
    client: str = ""
    client_name: str = ""


def parse_entries(reply: Reply, limit: int) -> list[Entry]:
    """Return the entries of a reply, newest first, at most `limit`; others than entries are passed over."""
    if not isinstance(reply, list):
        return []
    return [entry for fields in reply[:limit] if (entry := _parse_entry(fields)) is not None]


def _parse_entry(fields: Reply) -> Entry | None:
    if not isinstance(fields, list) or len(fields) < 4:
        return None
    number, at, value = (parse_whole(field) for field in fields[:3])
    if number is None or at is None or value is None:
        return None
    # The only list; in the fourth place, or in the fifth.
    place = next((place for place in (3, 4) if isinstance(_field(fields, place), list)), None)
    if place is None:
        return None
    texts = [argument for argument in fields[place] if isinstance(argument, bytes)]
    client, name = (_text(_field(fields, place + next_to)) for next_to in (1, 2))
    return Entry(number, at, value, texts, client, name)


def _field(fields: Sequence[Reply], place: int) -> Reply:
    return fields[place] if place < len(fields) else None


def parse_whole(field: Reply) -> int | None:
    """Return a number that is not negative, None for anything else; proxies tell some as texts."""
    if isinstance(field, bytes) and field.isdigit() and len(field) <= _MAX_DIGITS:
        return int(field)
    return field if isinstance(field, int) and field >= 0 else None


def _text(field: Reply) -> str:
    return field.decode("utf-8", "backslashreplace") if isinstance(field, bytes) else ""
