"""Saves which message in Slack belongs to which group: a restart must not post a second one."""

import sqlite3
from typing import Any, Final

from exporter.errors import StateError
from exporter.log import get_logger
from exporter.notify.slack_messages import MOST_MESSAGES, MemoryMessages, Message
from exporter.state.database import Database
from exporter.state.encoding import dump, read_all
from exporter.state.writer import Writer

_TABLE: Final = "slack_messages"

_log = get_logger(__name__)


class SqliteMessages:
    """Implements `exporter.notify.slack_messages.Messages`; reads are answered from memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = Writer(database)
        self._memory = MemoryMessages()
        database.on_loss(self._rewrite)

    async def load(self) -> None:
        """Load what was saved; without it changed messages are posted anew."""
        try:
            rows = await self._database.read(_read_rows)
        except StateError as error:
            _log.error("the messages in Slack cannot be read", error=str(error))
            return
        for key, value in rows:
            for message in read_all([value], _decode):
                self._memory.put(key, message)

    async def close(self) -> None:
        """Write what is still to be written, if that is possible at once."""
        await self._writer.close()

    def get(self, group_key: str) -> Message | None:
        """Return the message of a group."""
        return self._memory.get(group_key)

    def put(self, group_key: str, message: Message) -> None:
        """Save the message of a group, as soon as possible."""
        self._memory.put(group_key, message)
        self._writer.put(_TABLE, group_key, lambda: _encode(message))
        self._writer.run(_keep_newest)
        self._writer.start()

    def delete(self, group_key: str) -> None:
        """Delete the message of a group: its next one is posted anew."""
        self._memory.delete(group_key)
        self._writer.put(_TABLE, group_key, None)
        self._writer.start()

    def _rewrite(self, connection: sqlite3.Connection) -> None:
        rows = [(key, _encode(message)) for key, message in self._memory.all().items()]
        connection.executemany(f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?)", rows)


def _encode(message: Message) -> str:
    return dump([message.channel, message.timestamp])


def _decode(data: Any) -> Message:
    channel, timestamp = data
    if not (isinstance(channel, str) and isinstance(timestamp, str)):
        raise ValueError("a channel and a timestamp are texts")
    return Message(channel, timestamp)


def _read_rows(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute(f"SELECT key, value FROM {_TABLE} ORDER BY rowid").fetchall()


def _keep_newest(connection: sqlite3.Connection) -> None:
    connection.execute(
        f"DELETE FROM {_TABLE} WHERE rowid <= (SELECT max(rowid) FROM {_TABLE}) - ?", (MOST_MESSAGES,)
    )
