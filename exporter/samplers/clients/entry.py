"""The lines of CLIENT LIST.

Format: https://redis.io/docs/latest/commands/client-list/ — pairs `name=value`, separated by spaces, in the
same order on all lines. Names of clients, users and libraries hold no spaces: servers refuse those.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from exporter.sampling.info_text import parse_amount

# The first flag that is there tells; a replica is a replica, blocked or not.
_KINDS: Final = (("M", "primary"), ("S", "replica"), ("O", "monitor"), ("P", "pubsub"), ("b", "blocked"))
# More than lines are long on average, in bytes.
_MEAN_LINE: Final = 1_024


class ClientList:
    """All connections, as far as the limit; there may be thousands of them, and few fields are asked for."""

    def __init__(self, reply: bytes, limit: int) -> None:
        if len(reply) > limit * _MEAN_LINE:
            # Not the beginning of a line.
            reply = reply[: limit * _MEAN_LINE].rpartition(b"\n")[0]
        text = reply.decode("utf-8", "backslashreplace")
        lines = text.replace("\r", "").split("\n", limit)[:limit]
        padded = [f" {line} " for line in lines]
        self._lines = [line for line in padded if " addr=" in line]

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, name: str) -> bool:
        start = f" {name}="
        return any(start in line for line in self._lines)

    def texts(self, name: str) -> list[str]:
        """A field of all connections; empty texts where the server does not tell it."""
        start = f" {name}="
        length = len(start)
        texts = []
        for line in self._lines:
            at = line.find(start) + length
            texts.append(line[at : line.index(" ", at)] if at >= length else "")
        return texts

    def counts(self, name: str) -> Mapping[str, int]:
        """How many connections have each text in a field."""
        return Counter(self.texts(name))

    def numbers(self, name: str) -> list[float]:
        """A field of all connections that tell a number there."""
        texts = self.texts(name)
        together = "".join(texts)
        if "" not in texts and together.isdecimal() and together.isascii() and max(map(len, texts)) < 20:
            return list(map(float, texts))
        return [number for text in texts if (number := parse_amount(text)) is not None]

    def with_commands(self, words: Sequence[str]) -> Iterator[Mapping[str, str]]:
        """All fields of the connections whose last command begins with one of these words."""
        starts = [f" cmd={word}" for word in words]
        for line in self._lines:
            at = line.find(" cmd=")
            if at >= 0 and any(line.startswith(start, at) for start in starts):
                yield _fields(line)

    def fields(self, limit: int) -> Iterator[Mapping[str, str]]:
        """All fields of the first `limit` connections."""
        return map(_fields, self._lines[:limit])


def _fields(line: str) -> Mapping[str, str]:
    pairs = (item.partition("=") for item in line.split())
    return {name: text for name, equals, text in pairs if equals}


def host_of(address: str) -> str:
    """The address without the port; `unix` for Unix sockets."""
    return "unix" if address.startswith("/") else address.rpartition(":")[0].strip("[]")


def port_of(address: str) -> str:
    """The port of the address."""
    return "" if address.startswith("/") else address.rpartition(":")[2]


def kind_of(flags: str) -> str:
    """Return the purpose of a connection, of a closed set."""
    return next((kind for flag, kind in _KINDS if flag in flags), "normal")
