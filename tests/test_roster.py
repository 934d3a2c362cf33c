"""Who is watched when servers restart, swap roles, or are found under other names: without any server."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from exporter.config.main import Config
from exporter.discovery.base import Found
from exporter.discovery.identity import Identities
from exporter.model.target import Address, Target
from exporter.reload import plan_of
from exporter.roster import Roster
from exporter.samplers.runner import TargetRunner
from exporter.samplers.target_manager import TargetManager
from exporter.sampling.facts import TargetFacts
from exporter.sampling.server_info import ServerInfo


@dataclass
class Status:
    up: bool | None = None


@dataclass
class Runner:
    target: Target
    status: Status = field(default_factory=Status)
    facts: TargetFacts = field(default_factory=TargetFacts)


class World:
    """Servers by address, and a manager that watches what it is told to; counts what the roster tells."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, found: Sequence[str]) -> None:
        self.servers: dict[str, str] = {}
        self.asked: list[str] = []
        self.watched: dict[str, Runner] = {}
        self.replaced: set[str] = set()
        self.news = self.promotions = 0
        self.found = [Found(Target(host, Address(host))) for host in found]
        config = Config.model_validate({"targets": [{"url": "redis://main", "instance": "main"}]})
        self._plan = plan_of(config)
        monkeypatch.setattr(Identities, "ask", self._ask)
        self.roster = Roster(cast(TargetManager, self), self._note_news, self._note_promotion)

    def _note_news(self) -> None:
        self.news += 1

    def _note_promotion(self) -> None:
        self.promotions += 1

    async def _ask(self, targets: Sequence[Target]) -> None:
        for target in targets:
            self.asked.append(target.address.host)
            self.roster._identities.note(target, self._run_id(target))

    def _run_id(self, target: Target) -> str:
        letter = self.servers.get(target.address.host, "")
        return f"{letter}123456789" * 4 if letter else ""

    @property
    def runners(self) -> Iterator[Runner]:
        return iter(self.watched.values())

    async def sync(self, wanted: Mapping[Target, Any], *, timeout_seconds: float, replaced: set[str]) -> bool:
        self.replaced = replaced
        self.watched = {
            one.instance: self.watched.get(one.instance) or Runner(one)
            if one.instance not in self.watched or self.watched[one.instance].target == one
            else Runner(one)
            for one in wanted
        }
        return bool(replaced)

    def follow(self) -> list[str]:
        """Watch what there is, let everybody be sampled; the names."""
        self.asked = []
        asyncio.run(self.roster.watch(self._plan, self.found))
        return sorted(self.watched)

    def sample(self, **roles: str) -> None:
        for runner in list(self.watched.values()):
            run_id = self._run_id(runner.target) if runner.target.address.host in self.servers else ""
            runner.status.up = bool(run_id)
            if run_id:
                role = roles.get(runner.target.instance, "master")
                runner.facts.provide(ServerInfo(run_id=run_id, role=role))
            self.roster.note(cast(TargetRunner, runner))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The name main leads to server a; a and b are found by their addresses."""
    world = World(monkeypatch, found=["10.0.0.1", "10.0.0.2"])
    world.servers = {"main": "a", "10.0.0.1": "a", "10.0.0.2": "b"}
    assert world.follow() == ["10.0.0.2", "main"]
    world.sample()
    assert world.news == 0
    return world


def test_nobody_is_asked_twice(world: World) -> None:
    assert world.follow() == ["10.0.0.2", "main"]
    assert world.asked == []


def test_a_restart_changes_the_run_id_and_nothing_else(world: World) -> None:
    world.servers |= {"main": "c", "10.0.0.1": "c"}
    world.sample()
    assert world.news == 1
    assert world.follow() == ["10.0.0.2", "main"]
    assert world.asked == ["10.0.0.1"]


def test_what_is_down_is_watched_once_all_the_same(world: World) -> None:
    del world.servers["main"], world.servers["10.0.0.1"]
    world.sample()
    assert world.follow() == ["10.0.0.2", "main"]
    assert world.asked == []


def test_a_name_that_leads_to_another_server_gives_the_former_one_back(world: World) -> None:
    world.servers["main"] = "b"
    world.sample()
    assert world.news == 1
    assert world.follow() == ["10.0.0.1", "main"]
    # Also when the former one is dead: that is news.
    del world.servers["10.0.0.1"]
    world.sample()
    assert world.follow() == ["10.0.0.1", "main"]


def test_who_is_down_at_first_is_recognised_when_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, found=["10.0.0.1"])
    assert world.follow() == ["10.0.0.1", "main"]
    world.sample()
    world.servers = {"main": "a", "10.0.0.1": "a"}
    world.sample()
    assert world.news == 1
    assert world.follow() == ["main"]


def test_another_role_is_told(world: World) -> None:
    world.sample(main="slave")
    world.sample(main="slave")
    assert world.promotions == 1


def test_a_name_that_is_given_to_another_server_is_told(world: World) -> None:
    world.servers["10.0.0.3"] = "d"
    world.found = [Found(Target("10.0.0.2", Address("10.0.0.3")))]
    assert world.follow() == ["10.0.0.2", "main"]
    assert world.replaced == {"10.0.0.2"}


def test_a_found_server_that_has_the_name_of_a_configured_one(world: World) -> None:
    # Whether it is the same cannot be told: it is left to that.
    world.found = [Found(Target("main", Address("10.0.0.9")))]
    assert world.follow() == ["main"]
    world.servers["10.0.0.9"] = "d"
    assert world.follow() == ["main", "main-2"]
