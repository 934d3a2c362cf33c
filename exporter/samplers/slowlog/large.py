"""Valkey's other command logs, as events: requests and replies that were large.

Format: https://valkey.io/commands/commandlog-get/ — entries as in the slow log, with bytes for microseconds.
"""

from collections.abc import Mapping
from typing import Final

from exporter.connection import Client
from exporter.connection.connection import CLIENT_NAME
from exporter.events import EventKind
from exporter.samplers.slowlog.entries import parse_entries
from exporter.samplers.slowlog.patterns import PatternNames
from exporter.samplers.slowlog.recording import EntryRecorder
from exporter.sampling.command_support import CommandSupport

_GET: Final = "COMMANDLOG GET"
KINDS: Final[Mapping[str, EventKind]] = {
    "large-request": EventKind.LARGE_REQUEST,
    "large-reply": EventKind.LARGE_REPLY,
}


class LargeEntries:
    """Records the entries of one server's logs, each once."""

    def __init__(self, recorder: EntryRecorder, names: PatternNames, limit: int) -> None:
        self._recorder = recorder
        self._names = names
        self._limit = limit
        # The number behind the last entry that was read, by log.
        self._next: dict[str, int] = {}

    async def read(self, connection: Client, support: CommandSupport, lengths: Mapping[str, int]) -> None:
        """Read what is new in the logs, given their lengths."""
        filled = [name for name in KINDS if lengths.get(name, 0) > 0]
        if not filled or not support.is_due(_GET):
            return
        replies = await connection.pipeline([("COMMANDLOG", "GET", 1, name) for name in filled])
        for name, reply in zip(filled, replies, strict=True):
            newest = parse_entries(support.check_reply(_GET, reply), 1)
            if newest:
                await self._read_log(connection, support, name, newest[0].id)

    async def _read_log(self, connection: Client, support: CommandSupport, name: str, newest: int) -> None:
        begin = self._next.get(name, 0)
        if newest < begin - 1:
            # The server has started anew.
            begin = 0
        # More than the log holds, at first: since LEN was asked entries may have come, our own too.
        count = min(newest + 1 - begin, self._limit)
        if count <= 0:
            return
        (reply,) = await connection.pipeline([("COMMANDLOG", "GET", count, name)])
        for entry in reversed(parse_entries(support.check_reply(_GET, reply), count)):
            if not entry.client_name.startswith(CLIENT_NAME):
                self._recorder.record(entry, self._names.name(entry.arguments), KINDS[name])
        self._next[name] = newest + 1
