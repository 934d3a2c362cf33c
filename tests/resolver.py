"""A resolver of a test's own, in place of the machine's."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exporter.connection import moving, names


class Resolver:
    """What names stand for; a test changes `addresses` as it likes.

    While it `fails` with one of the machine's resolver's codes, or hangs, it tells nothing. `asked` are the
    names that were looked up.
    """

    def __init__(self, **addresses: tuple[str, ...]) -> None:
        self.addresses = addresses
        self.fails = 0
        self.asked: list[str] = []
        self._answers = threading.Event()
        self._answers.set()

    def look_up(self, host: str) -> tuple[str, ...]:
        """As `exporter.connection.names.look_up`."""
        self.asked.append(host)
        self._answers.wait(20)
        if self.fails or host not in self.addresses:
            raise socket.gaierror(self.fails or socket.EAI_NONAME, "Name or service not known")
        return self.addresses[host]

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It does not answer inside the block."""
        self._answers.clear()
        try:
            yield
        finally:
            self._answers.set()


def resolve_by(
    monkeypatch: pytest.MonkeyPatch, *, look_up_seconds: float | None = None, **addresses: tuple[str, ...]
) -> Resolver:
    """Have names stand for these addresses until the test ends, looked up this often."""
    resolver = Resolver(**addresses)
    names.name_of.cache_clear()
    monkeypatch.setattr(names, "look_up", resolver.look_up)
    if look_up_seconds is not None:
        monkeypatch.setattr(names, "LOOK_UP_SECONDS", look_up_seconds)
        monkeypatch.setattr(moving, "_RETRY_SECONDS", look_up_seconds)
    return resolver
