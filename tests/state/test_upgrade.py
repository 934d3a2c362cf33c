"""A state directory that release 0.1 has written is read by this one, whatever its code is called now.

`state-0.1.sql` is the dump of such a database: one row of everything, and eight samples of two series.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from exporter.alerting.alert_store import AlertSnapshot
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.queues.model import QueueId
from exporter.rules.model import GroupKey
from exporter.state.state_store import FILE_NAME, SqliteStateStore
from exporter.store import RequiredSelector, Store
from tests.clocks import FrozenClock

DUMP = (Path(__file__).parent / "state-0.1.sql").read_text()
START_MS = 1_700_000_000_000
HITS = (Matcher("__name__", MatchOp.EQUAL, "hits_total"),)
DOWN = Labels({"alertname": "RedisDown", "instance": "cache:6379"})


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.executescript(DUMP)
    return tmp_path


def open_state(directory: Path) -> SqliteStateStore:
    return SqliteStateStore(directory, CollectorRegistry(), FrozenClock(START_MS / 1000 + 225), "a test")


def test_alerts_silences_and_what_was_notified_are_back(directory: Path) -> None:
    async def story() -> None:
        state = open_state(directory)
        await state.load()
        found: AlertSnapshot = await state.alert_store.load()
        history = await state.alert_store.read_history(0.0, 10)
        await state.close()
        assert [alert.labels for alert in found.alerts] == [DOWN]
        assert [(one.id, one.comment) for one in found.silences] == [("5a1e", "moving house")]
        (entry,) = found.entries
        assert entry.firing == {DOWN.fingerprint()}
        assert [(record.receiver, record.firing, record.alerts[0].labels) for record in history] == [
            ("team", 1, DOWN)
        ]
        message = state.messages.get("group")
        assert message is not None
        assert (message.channel, message.timestamp) == ("C012", "1700000000.000100")

    asyncio.run(story())


def test_rules_queues_keyspaces_and_discovered_servers_are_back(directory: Path) -> None:
    async def story() -> None:
        state = open_state(directory)
        groups = await state.alerts.load()
        assert state.queues is not None
        assert state.keyspaces is not None
        assert state.discovery is not None
        (queue,) = await state.queues.load_queues("cache:6379")
        keyspace = await state.keyspaces.load("cache:6379")
        (address,) = await state.discovery.load("sentinel")
        await state.close()
        (alert,) = groups[GroupKey("rules.yml", "availability")].alerts
        assert (alert.labels, alert.active_at_ms) == (DOWN, START_MS - 60_000)
        assert (queue.id, queue.notes) == (QueueId("rq", b"rq:queue:", b"default", 0), {"seen": 1})
        assert keyspace == (b"history", b"progress")
        assert (address.host, address.port) == ("10.0.0.1", 26379)

    asyncio.run(story())


def test_samples_are_back_and_go_on(directory: Path) -> None:
    async def story() -> None:
        state, store = open_state(directory), Store()
        store.set_required([RequiredSelector(HITS, 600_000)])
        await state.samples.restore(store)
        await state.close()
        windows = {
            series.labels["db"]: series.window(START_MS, START_MS + 300_000) for series in store.select(HITS)
        }
        times = [START_MS + seconds * 1000 for seconds in (15, 30, 45, 60, 75, 90, 150, 165)]
        assert {db: (list(found[0]), list(found[1])) for db, found in windows.items()} == {
            "0": (times, [float(number) for number in range(8)]),
            "1": (times[4:], [10.0 * number for number in range(4, 8)]),
        }

    asyncio.run(story())
