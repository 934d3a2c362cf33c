"""Commands, and the bytes that go over the wire for them."""

from collections.abc import Callable, Sequence

import hiredis

Argument = str | bytes | int | float
Command = tuple[Argument, ...]


def pack(commands: Sequence[Command]) -> bytes:
    """Commands as the bytes that go over the wire; worth keeping where they do not change."""
    return b"".join([_pack_command(command) for command in commands])


# hiredis takes tuples of any length; its type hints know one of length 1 only.
_pack_command: Callable[[Command], bytes] = hiredis.pack_command  # type: ignore[assignment]
