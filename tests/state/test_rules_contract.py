"""What every store of the rules' alerts does, in memory and in SQLite."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.model.labels import Labels
from exporter.rules.active import AlertState
from exporter.rules.model import GroupKey, RuleIdentity
from exporter.rules.saved import (
    AlertKey,
    AlertStateStore,
    MemoryAlertState,
    SavedAlert,
    SavedGroup,
    StateChange,
)
from exporter.state.database import Database
from exporter.state.rules import SqliteAlertState

Story = Callable[[AlertStateStore], Awaitable[None]]
Play = Callable[..., Mapping[GroupKey, SavedGroup]]

GROUP = GroupKey("rules/a.yml", "core")
OTHER = GroupKey("rules/a.yml", "other")
RULE = RuleIdentity("Down", (("severity", "{{ $value }}"), ("empty", "")), 2)
ALERT = SavedAlert(
    RULE,
    Labels({"instance": "ü\n"}),
    (("summary", 'a"b'), ("empty", "")),
    0.1,
    AlertState.FIRING,
    1,
    2,
    3,
    4,
    5,
)
KEY = AlertKey(RULE, ALERT.labels)


@pytest.fixture(params=["memory", "sqlite"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Runs stories one after the other, each on a store opened anew; what is saved in the end."""

    async def on_sqlite(stories: tuple[Story, ...]) -> Mapping[GroupKey, SavedGroup]:
        async def load(_: AlertStateStore) -> None: ...

        saved: Mapping[GroupKey, SavedGroup] = {}
        for story in (*stories, load):
            database = Database(tmp_path / "vigil.db")
            await story(SqliteAlertState(database))
            saved = await SqliteAlertState(database).load()
            await database.close()
        return saved

    async def in_memory(stories: tuple[Story, ...]) -> Mapping[GroupKey, SavedGroup]:
        store = MemoryAlertState()
        for story in stories:
            await story(store)
        return await store.load()

    run = on_sqlite if request.param == "sqlite" else in_memory
    return lambda *stories: asyncio.run(run(stories))


def save(group: GroupKey, change: StateChange) -> Story:
    return lambda store: store.save(group, change)


def test_an_empty_one(play: Play) -> None:
    assert play(lambda store: store.delete(GROUP)) == {}


def test_what_is_saved_comes_back_as_it_was(play: Play) -> None:
    assert play(save(GROUP, StateChange(1000, [ALERT]))) == {GROUP: SavedGroup(1000, (ALERT,))}


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308])
def test_values_that_json_does_not_know(play: Play, value: float) -> None:
    saved = play(save(GROUP, StateChange(1000, [replace(ALERT, value=value)])))
    assert saved[GROUP].alerts[0].value == value


def test_not_a_number(play: Play) -> None:
    saved = play(save(GROUP, StateChange(1000, [replace(ALERT, value=math.nan)])))
    assert math.isnan(saved[GROUP].alerts[0].value)


def test_changes_add_up(play: Play) -> None:
    second = replace(ALERT, labels=Labels({"instance": "b"}), state=AlertState.PENDING)
    saved = play(
        save(GROUP, StateChange(1000, [ALERT, second])),
        save(OTHER, StateChange(1500, [ALERT])),
        save(GROUP, StateChange(2000, [replace(second, fired_at_ms=7)], [KEY])),
        save(GROUP, StateChange(3000)),
    )
    assert saved == {
        GROUP: SavedGroup(3000, (replace(second, fired_at_ms=7),)),
        OTHER: SavedGroup(1500, (ALERT,)),
    }


def test_rules_of_one_name_are_told_apart(play: Play) -> None:
    twin = replace(ALERT, rule=replace(RULE, ordinal=3))
    saved = play(save(GROUP, StateChange(1000, [ALERT, twin])), save(GROUP, StateChange(2000, dropped=[KEY])))
    assert saved[GROUP].alerts == (twin,)


def test_a_group_that_is_forgotten_is_gone(play: Play) -> None:
    saved = play(
        save(GROUP, StateChange(1000, [ALERT])),
        save(OTHER, StateChange(1000, [ALERT])),
        lambda store: store.delete(GROUP),
    )
    assert set(saved) == {OTHER}
