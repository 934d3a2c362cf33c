"""Messages in Slack outlive a restart."""

import asyncio
from pathlib import Path

import pytest

from exporter.notify.slack_messages import Message
from exporter.state.database import Database
from exporter.state.slack import SqliteMessages


def test_messages_come_back(tmp_path: Path) -> None:
    async def story() -> None:
        for opening in range(2):
            database = Database(tmp_path / "vigil.db")
            messages = SqliteMessages(database)
            await messages.load()
            if opening == 0:
                assert messages.get("a") is None
                messages.put("a", Message("C1", "1.5"))
                messages.put("b", Message("C1", "2.5"))
                messages.put("a", Message("C2", "3.5"))
                messages.delete("b")
            assert messages.get("a") == Message("C2", "3.5")
            assert messages.get("b") is None
            await messages.close()
            await database.close()

    asyncio.run(story())


def test_only_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.state.slack.MOST_MESSAGES", 3)

    async def story() -> None:
        database = Database(tmp_path / "vigil.db")
        messages = SqliteMessages(database)
        for number in range(10):
            messages.put(str(number), Message("C", str(number)))
            await asyncio.sleep(0.005)
        await messages.close()
        again = SqliteMessages(database)
        await again.load()
        assert [number for number in range(10) if again.get(str(number))] == [7, 8, 9]
        await database.close()

    asyncio.run(story())
