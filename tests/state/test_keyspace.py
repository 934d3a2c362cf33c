"""What is known about keyspaces, in SQLite."""

import asyncio
from pathlib import Path

from exporter.state.database import Database
from exporter.state.keyspace import SqliteKeyspaceRecords


def test_results_and_progress(tmp_path: Path) -> None:
    async def story() -> None:
        path = tmp_path / "state.db"
        database = Database(path)
        records = SqliteKeyspaceRecords(database)
        assert await records.load("one") == (None, None)
        await records.save_progress("one", b"half \xff")
        await records.save_history("two", b"whole")
        await database.close()
        database = Database(path)
        records = SqliteKeyspaceRecords(database)
        assert await records.load("one") == (None, b"half \xff")
        assert await records.load("two") == (b"whole", None)
        await records.save_progress("two", b"next")
        assert await records.load("two") == (b"whole", b"next")
        # A pass that is finished has no progress.
        await records.save_history("two", b"newer")
        assert await records.load("two") == (b"newer", None)
        await database.close()

    asyncio.run(story())
