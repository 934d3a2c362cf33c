"""Killed at any moment of an incident, the rules tell the same story as without."""

import asyncio
import random
from collections.abc import Mapping, Sequence

import pytest

from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.model.sample import Sample
from exporter.rules.environment import Environment
from exporter.rules.group import RuleGroup
from exporter.rules.model import GroupKey
from exporter.rules.restore import RestorePolicy
from exporter.rules.saved import AlertStateStore, MemoryAlertState, SavedGroup, StateChange
from tests.rules.world import START_MS, World, make_group

_INTERVAL_MS = 15_000
_MINUTES = 40
_RULES = """
- {alert: Down, expr: up == 0}
- {alert: High, expr: a > 5, for: 2m}
- {alert: Kept, expr: a > 8, keep_firing_for: 3m}
- {alert: Rate, expr: 'rate(c[5m]) > 1', for: 1m}
- {record: doubled, expr: a * 2}
- {alert: Recorded, expr: doubled > 10, for: 1m}
"""

Story = dict[str, list[str]]


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """Kills the process when so many things have been done."""

    def __init__(self) -> None:
        self.left = -1

    def burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class FusedStore:
    """A store that survives the process."""

    def __init__(self, world: World, fuse: Fuse) -> None:
        self._store, self._fuse = world.store, fuse

    def append(self, sample: Sample) -> None:
        self._fuse.burn()
        self._store.append(sample)

    def mark_stale(self, source: str, timestamp: int) -> None:
        self._store.mark_stale(source, timestamp)


class FusedState:
    """A state that survives the process; what is being written when it is killed may be there or not."""

    def __init__(self, fuse: Fuse) -> None:
        self._kept: AlertStateStore = MemoryAlertState()
        self._fuse = fuse

    async def load(self) -> Mapping[GroupKey, SavedGroup]:
        return await self._kept.load()

    async def save(self, group: GroupKey, change: StateChange) -> None:
        self._fuse.burn()
        await self._kept.save(group, change)
        self._fuse.burn()

    async def delete(self, group: GroupKey) -> None:
        await self._kept.delete(group)


class Receiver:
    """Notes the changes of each alert; the same news twice is no news, as for Alertmanager."""

    def __init__(self, fuse: Fuse) -> None:
        self.story: Story = {}
        self._fuse = fuse

    async def receive(self, alerts: Sequence[Alert]) -> None:
        self._fuse.burn()
        for alert in alerts:
            told = self.story.setdefault(str(alert.labels), [])
            news = "resolved" if alert.is_resolved(alert.updated_at) else "firing"
            if told[-1:] != [news]:
                told.append(news)
        self._fuse.burn()


class Incident:
    """Two servers that go through a bad time; `kills` are numbers of things done between two kills."""

    def __init__(self, kills: Sequence[int], outage_ms: Sequence[int]) -> None:
        self.world = World()
        self._fuse = Fuse()
        self.receiver = Receiver(self._fuse)
        self._kills, self._outages = list(kills), list(outage_ms)
        world = self.world
        world.environment = Environment(
            world.environment.engine,
            FusedStore(world, self._fuse),
            self.receiver,
            state=FusedState(self._fuse),
            availability=self,
        )
        self.killed = 0
        self._down: set[str] = set()
        self._counters: dict[str, float] = {}

    def moment(self, at_ms: int | None = None) -> float:
        return self.world.at_ms / 1000

    def is_missing(self, labels: Labels, metrics: frozenset[str], since: float) -> bool:
        return labels.get("instance") in self._down

    def _sample(self, minute: float) -> None:
        for name, shift in (("r1", 0), ("r2", 3)):
            at = minute - shift
            down = 12 <= at < 16
            self._down = self._down - {name} if not down else self._down | {name}
            self._counters[name] = self._counters.get(name, 0.0) + (200 if 8 <= at < 22 else 1)
            level = 9 if 5 <= at < 20 else 6 if 20 <= at < 25 else 1
            for metric, value in (("a", level), ("c", self._counters[name])):
                self.world.set_series(f'{metric}{{instance="{name}"}}', None if down else value)
            self.world.set_series(f'up{{instance="{name}"}}', 0 if down else 1)
        self.world.sample()

    async def run(self) -> Story:
        group = await self._start()
        blind_until_ms = 0
        for step in range(_MINUTES * 4):
            self.world.at_ms = START_MS + step * _INTERVAL_MS
            self._sample(step / 4)
            if self.world.at_ms < blind_until_ms:
                continue
            try:
                await group.evaluate(self.world.at_ms)
            except Killed:
                self.killed += 1
                blind_until_ms = self.world.at_ms + self._outages.pop()
                self.world.at_ms = blind_until_ms
                group = await self._start()
        return self.receiver.story

    async def _start(self) -> RuleGroup:
        self._fuse.left = self._kills.pop() if self._kills else -1
        group = make_group(self.world, _RULES)
        saved = await self.world.environment.state.load()
        if group.spec.key in saved:
            group.restore(saved[group.spec.key], RestorePolicy(), self.world.at_ms)
        return group


@pytest.fixture(scope="module")
def undisturbed() -> Story:
    """What is told when nothing is killed."""
    return asyncio.run(Incident([], []).run())


def test_the_incident_is_one(undisturbed: Story) -> None:
    assert {told[0] for told in undisturbed.values()} == {"firing"}
    assert {told[-1] for told in undisturbed.values()} == {"resolved"}
    assert len(undisturbed) == 10


@pytest.mark.parametrize("seed", range(50))
def test_killed_at_random_moments_it_is_the_same_story(undisturbed: Story, seed: int) -> None:
    chance = random.Random(seed)
    kills = [chance.randrange(1, 220) for _ in range(chance.randrange(1, 6))]
    outages = [chance.choice((0, 1_000, 10_000, 20_000)) for _ in kills]
    incident = Incident(kills, outages)
    assert asyncio.run(incident.run()) == undisturbed
    assert incident.killed == len(kills)
