"""The lines of CLIENT LIST.

Format: https://redis.io/docs/latest/commands/client-list/ — pairs `name=value`, separated by spaces, in the
same order on all lines. Names of clients, users and libraries hold no spaces: servers refuse those.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

# The first flag that is there tells; a replica is a replica, blocked or not.
_KINDS: Final = (("M", "primary"), ("S", "replica"), ("O", "monitor"), ("P", "pubsub"), ("b", "blocked"))


class ClientList:
    """All connections, by column: there may be thousands of them."""

    def __init__(self, reply: bytes) -> None:
        lines = [line for line in reply.decode("utf-8", "backslashreplace").split("\n") if line[:3] == "id="]
        rows = [line.split(" ") for line in lines]
        names = [item.partition("=")[0] for item in rows[0]] if rows else []
        self._index = {name: index for index, name in enumerate(names)}
        # A line of another make is none of this server's.
        self._rows = [row for row in rows if len(row) == len(names)]
        self._columns = list(zip(*self._rows, strict=True))

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def texts(self, name: str) -> list[str]:
        """A field of all connections; empty texts where the server does not tell it."""
        index = self._index.get(name)
        if index is None:
            return [""] * len(self._rows)
        start = len(name) + 1
        return [item[start:] for item in self._columns[index]]

    def counts(self, name: str) -> Mapping[str, int]:
        """How many connections have each text in a field."""
        index = self._index.get(name)
        if index is None:
            return {"": len(self._rows)} if self._rows else {}
        start = len(name) + 1
        return {item[start:]: count for item, count in Counter(self._columns[index]).items()}

    def numbers(self, name: str) -> list[float]:
        """A field of all connections that tell a number there."""
        texts = self.texts(name)
        if "" not in texts and "".join(texts).isdecimal():
            return list(map(float, texts))
        return [float(text) for text in texts if text.isdecimal()]

    def fields(self, limit: int) -> Sequence[Mapping[str, str]]:
        """All fields of the first `limit` connections."""
        # By index: a server that makes things up may name a field twice.
        return [
            {name: row[index][len(name) + 1 :] for name, index in self._index.items()}
            for row in self._rows[:limit]
        ]


def host_of(address: str) -> str:
    """The address without the port; `unix` for Unix sockets."""
    return "unix" if address.startswith("/") else address.rpartition(":")[0].strip("[]")


def port_of(address: str) -> str:
    """The port of the address."""
    return "" if address.startswith("/") else address.rpartition(":")[2]


def kind_of(flags: str) -> str:
    """What a connection is there for: a closed set."""
    return next((kind for flag, kind in _KINDS if flag in flags), "normal")
