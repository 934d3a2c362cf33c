"""Every alert store behaves the same, in memory and in SQLite."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.alerting.alert_store import AlertSnapshot, AlertStore, MemoryAlertStore
from exporter.alerting.history import HistoryRecord, NotificationOutcome, NotifiedAlert
from exporter.alerting.nflog import LogEntry, LogKey
from exporter.alerting.silences import Silence
from exporter.config.alertmanager.matchers import parse_matchers
from exporter.model.alert import Alert
from exporter.model.labels import Annotations, Labels
from exporter.model.moment import Moment
from exporter.state.alert_store import SqliteAlertStore
from exporter.state.database import Database

Story = Callable[[AlertStore], Awaitable[None]]
Play = Callable[..., AlertSnapshot]

LABELS = Labels({"alertname": "Down", "instance": 'a"\n\\ü\U0001f642'})
WRITTEN = Alert(
    Labels({"alertname": "Written"}),
    Annotations({"runbook": "", "summary": "s"}),
    Moment(1_764_295_200_123_456_789, 19_800),
    Moment(0),
)
ALERT = Alert(LABELS, Labels({"summary": "x\x00y"}), 1700000000.125, 0.1 + 0.2, "http://g", 3.5, True)
SILENCE = Silence("id-1", tuple(parse_matchers('a="b",c!~"d.*","e f"=~"g"')), 1.5, 2.5, "me", "why\n", 0.5)
KEY = LogKey('{}:{alertname="Down"}', "hook", "webhook", 3)
ENTRY = LogEntry(KEY, 10.5, 20.5, frozenset({0, 2**64 - 1}), frozenset({5}), frozenset({7, 8}))
RECORD = HistoryRecord(
    100.5,
    "hook",
    "webhook",
    KEY.group_key,
    Labels({"alertname": "Down"}),
    NotificationOutcome.FAILED,
    3,
    2,
    1,
    (NotifiedAlert(LABELS, "firing"), NotifiedAlert(Labels({"alertname": "x"}), "resolved")),
    "status 500",
)


@pytest.fixture(params=["memory", "sqlite"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Runs stories one after the other, each on a store opened anew; what is saved in the end."""

    async def on_sqlite(stories: tuple[Story, ...]) -> AlertSnapshot:
        for story in stories:
            database = Database(tmp_path / "state" / "vigil.db")
            alert_store = SqliteAlertStore(database)
            await story(alert_store)
            await alert_store.close()
            await database.close()
        database = Database(tmp_path / "state" / "vigil.db")
        saved = await SqliteAlertStore(database).load()
        await database.close()
        return saved

    async def in_memory(stories: tuple[Story, ...]) -> AlertSnapshot:
        alert_store = MemoryAlertStore()
        for story in stories:
            await story(alert_store)
        return await alert_store.load()

    run = on_sqlite if request.param == "sqlite" else in_memory
    return lambda *stories: asyncio.run(run(stories))


def test_an_empty_one(play: Play) -> None:
    async def nothing(alert_store: AlertStore) -> None:
        assert await alert_store.load() == AlertSnapshot()
        assert await alert_store.read_history(0, 10) == []
        await alert_store.delete_alerts([LABELS])
        await alert_store.delete_silences(["x"])
        await alert_store.delete_entries([KEY])
        await alert_store.delete_history(1e9)

    assert play(nothing) == AlertSnapshot()


def test_what_is_saved_comes_back_as_it_was(play: Play) -> None:
    async def save(alert_store: AlertStore) -> None:
        await alert_store.save_alerts([ALERT])
        await alert_store.save_silences([SILENCE])
        await alert_store.save_entry(ENTRY)

    saved = play(save)
    assert saved == AlertSnapshot((ALERT,), (SILENCE,), (ENTRY,))
    # Equality of matchers must not hide a difference.
    assert [matcher.dot_newline for matcher in saved.silences[0].matchers] == [False] * 3


def test_the_last_state_counts(play: Play) -> None:
    async def first(alert_store: AlertStore) -> None:
        await alert_store.save_alerts([ALERT, replace(ALERT, ends_at=9.0)])
        await alert_store.save_silences([SILENCE, replace(SILENCE, comment="other")])
        await alert_store.save_entry(ENTRY)

    async def second(alert_store: AlertStore) -> None:
        await alert_store.save_alerts([replace(ALERT, ends_at=10.0)])
        await alert_store.save_entry(replace(ENTRY, at=11.0))

    assert play(first, second) == AlertSnapshot(
        (replace(ALERT, ends_at=10.0),), (replace(SILENCE, comment="other"),), (replace(ENTRY, at=11.0),)
    )


def test_what_is_deleted_is_gone(play: Play) -> None:
    async def save(alert_store: AlertStore) -> None:
        await alert_store.save_alerts([ALERT, replace(ALERT, labels=Labels({"a": "b"}))])
        await alert_store.save_silences([SILENCE, replace(SILENCE, id="id-2")])
        await alert_store.save_entry(ENTRY)

    async def delete(alert_store: AlertStore) -> None:
        await alert_store.delete_alerts([LABELS])
        await alert_store.delete_silences(["id-1"])
        await alert_store.delete_entries([KEY])

    saved = play(save, delete)
    assert [alert.labels for alert in saved.alerts] == [Labels({"a": "b"})]
    assert [silence.id for silence in saved.silences] == ["id-2"]
    assert saved.entries == ()


def test_history(play: Play) -> None:
    async def save(alert_store: AlertStore) -> None:
        await alert_store.save_entry(ENTRY, RECORD)
        await alert_store.add_record(replace(RECORD, at=101.0, receiver="other"))
        await alert_store.add_record(replace(RECORD, at=102.0))

    async def read(alert_store: AlertStore) -> None:
        records = await alert_store.read_history(0, 10)
        assert [record.at for record in records] == [102.0, 101.0, 100.5]
        assert records[-1] == RECORD
        assert [record.at for record in await alert_store.read_history(101.0, 10)] == [102.0, 101.0]
        assert [record.at for record in await alert_store.read_history(0, 2)] == [102.0, 101.0]
        assert [record.at for record in await alert_store.read_history(0, 10, "hook")] == [102.0, 100.5]
        await alert_store.delete_history(101.0)
        assert [record.at for record in await alert_store.read_history(0, 10)] == [102.0, 101.0]

    assert play(save, read).entries == (ENTRY,)


def test_many_at_a_time(play: Play) -> None:
    alerts = [replace(ALERT, labels=Labels({"n": str(number)})) for number in range(500)]

    async def save(alert_store: AlertStore) -> None:
        await asyncio.gather(*(alert_store.save_alerts([alert]) for alert in alerts))

    saved = play(save)
    assert {alert.labels for alert in saved.alerts} == {alert.labels for alert in alerts}


def test_empty_annotations_and_exact_times_are_kept(play: Play) -> None:
    async def save(alert_store: AlertStore) -> None:
        await alert_store.save_alerts([WRITTEN])

    (alert,) = play(save).alerts
    assert alert == WRITTEN
    assert alert.annotations.pairs == (("runbook", ""), ("summary", "s"))
    began = alert.starts_at
    assert isinstance(began, Moment)
    assert (began.nanoseconds, began.offset_seconds) == (1_764_295_200_123_456_789, 19_800)
    # The beginning of the epoch is a time like any other: it is over.
    assert alert.is_resolved(1.0)
