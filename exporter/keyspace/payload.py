"""Many commands as one byte string, and their replies as slices."""

from collections.abc import Sequence
from typing import Final

from exporter.connection import Command, Reply, pack

TYPE: Final = b"*2\r\n$4\r\nTYPE\r\n"
PTTL: Final = b"*2\r\n$4\r\nPTTL\r\n"
MEMORY_USAGE: Final = b"*3\r\n$6\r\nMEMORY\r\n$5\r\nUSAGE\r\n"
IDLETIME: Final = b"*3\r\n$6\r\nOBJECT\r\n$8\r\nIDLETIME\r\n"
FREQ: Final = b"*3\r\n$6\r\nOBJECT\r\n$4\r\nFREQ\r\n"
ENCODING: Final = b"*3\r\n$6\r\nOBJECT\r\n$8\r\nENCODING\r\n"


class Payload:
    """Commands to be sent in one go; what they are answered with is found by the slice each was given."""

    def __init__(self) -> None:
        self.count = 0
        self._parts: list[bytes] = []

    def add(self, *commands: Command) -> slice:
        """Any commands."""
        self._parts.append(pack(commands))
        return self._taken(len(commands))

    def each(self, head: bytes, arguments: Sequence[bytes]) -> slice:
        """One command for each key: `head` is its beginning, the arguments come from `bulk_strings`."""
        if arguments:
            self._parts.append(head + head.join(arguments))
        return self._taken(len(arguments))

    def _taken(self, count: int) -> slice:
        taken = slice(self.count, self.count + count)
        self.count += count
        return taken

    @property
    def content(self) -> bytes:
        """The bytes to send."""
        return b"".join(self._parts)


def bulk_strings(names: Sequence[bytes]) -> list[bytes]:
    """Names as arguments in the protocol's form."""
    return [b"$%d\r\n%b\r\n" % (len(name), name) for name in names]


Replies = Sequence[Reply]
