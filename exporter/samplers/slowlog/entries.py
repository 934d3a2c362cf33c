"""The entries of a slow log, as the server tells them.

Format: https://redis.io/docs/latest/commands/slowlog-get/ — id, second, microseconds, arguments, and since
Redis 4 the client's address and name. Valkey's COMMANDLOG has bytes in place of microseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.connection import Reply


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


def parse_entries(reply: Reply) -> list[Entry]:
    """The entries of a reply, newest first; what does not look like one is passed over."""
    if not isinstance(reply, list):
        return []
    return [entry for fields in reply if (entry := _parse_entry(fields)) is not None]


def _parse_entry(fields: Reply) -> Entry | None:
    if not isinstance(fields, list) or len(fields) < 4:
        return None
    number, at, value, arguments = fields[:4]
    if not (isinstance(number, int) and isinstance(at, int) and isinstance(value, int)):
        return None
    if not isinstance(arguments, list):
        return None
    texts = [argument for argument in arguments if isinstance(argument, bytes)]
    client, name = (_text(field) for field in [*fields[4:6], b"", b""][:2])
    return Entry(number, at, value, texts, client, name)


def _text(field: Reply) -> str:
    return field.decode("utf-8", "backslashreplace") if isinstance(field, bytes) else ""
