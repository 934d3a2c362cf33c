"""Whom a source asks when those that it asked do not answer."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from exporter.config.discovery import ClusterSection
from exporter.connection import Connection
from exporter.discovery import asking
from exporter.discovery.asking import Informants
from exporter.discovery.cluster import ClusterSource
from exporter.discovery.memory import Memory
from exporter.errors import DiscoveryError, Reason, TargetError
from exporter.model.target import Address, Target
from exporter.state.database import Database
from exporter.state.discovery import SqliteDiscoveryRecords


def place(name: str) -> Address:
    return Address(name, 1)


def target(name: str) -> Target:
    return Target(f"{name}:1", place(name))


class World:
    """Servers of which some answer; notes who was asked."""

    def __init__(self, *alive: str) -> None:
        self.alive = set(alive)
        self.asked: list[str] = []
        self.passwords: set[str] = set()

    async def question(self, connection: Connection) -> str:
        name = connection.target.address.host
        self.passwords.add(connection.target.credentials.password.reveal())
        self.asked.append(name)
        if name == "hanging":
            await asyncio.Event().wait()
        if name not in self.alive:
            raise TargetError(Reason.UNREACHABLE, f"{name}: refused")
        return name

    def ask(self, informants: Informants) -> Sequence[str]:
        """Who was asked in one round."""
        self.asked = []
        asyncio.run(informants.ask(self.question))
        return self.asked


def test_who_answered_last_is_asked_first() -> None:
    world, informants = World("b", "c"), Informants([target("a"), target("b")])
    assert world.ask(informants) == ["a", "b"]
    assert world.ask(informants) == ["b"]
    world.alive = {"a"}
    assert world.ask(informants) == ["b", "a"]


def test_others_are_asked_when_the_seed_is_gone() -> None:
    world, informants = World("seed"), Informants([target("seed")])
    world.ask(informants)
    informants.learn([place("x"), place("seed"), place("y")])
    world.alive = {"y"}
    assert world.ask(informants) == ["seed", "x", "y"]
    # The one that answers stays, wherever it stands in the new list.
    informants.learn([place("y"), place("z")])
    assert world.ask(informants) == ["y"]
    world.alive = {"seed"}
    assert world.ask(informants) == ["y", "z", "seed"]


def test_a_reload_forgets_nobody() -> None:
    source = ClusterSource(ClusterSection.model_validate({"urls": ("redis://seed:1",), "password": "old"}))
    source.informants.learn([Address("x", 1)])
    again = ClusterSource(ClusterSection.model_validate({"urls": ("redis://seed:1",), "password": "new"}))
    other = ClusterSource(ClusterSection.model_validate({"urls": ("redis://other:1",)}))
    Memory([again, other], None).follow(Memory([source], None))
    world = World("x")
    assert world.ask(again.informants) == ["seed", "x"]
    assert world.passwords == {"new"}
    assert other.informants.others == []


def test_a_restart_forgets_nobody_either(tmp_path: Path) -> None:
    section = ClusterSection.model_validate({"urls": ("redis://seed:1",)})

    async def run() -> Sequence[Address]:
        database = Database(tmp_path / "state.db")
        records = SqliteDiscoveryRecords(database)
        source = ClusterSource(section)
        memory = Memory([source], records)
        await memory.recall(source)
        source.informants.learn([Address("x", 7, tls=True), Address("y", 8)])
        await memory.save(source)
        source.informants.learn([Address("x", 7, tls=True)])
        await memory.save(source)
        await database.close()
        database = Database(tmp_path / "state.db")
        again = ClusterSource(section)
        await Memory([again], SqliteDiscoveryRecords(database)).recall(again)
        await database.close()
        return again.informants.others

    assert asyncio.run(run()) == [Address("x", 7, tls=True)]


def test_nobody_answers() -> None:
    informants = Informants([target("a"), target("b")])
    with pytest.raises(DiscoveryError, match="a: refused; the others do not answer either") as caught:
        World().ask(informants)
    assert caught.value.reason is Reason.UNREACHABLE


def test_one_that_hangs_has_its_deadline_and_a_round_that_is_cut_off_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "TIMEOUT_SECONDS", 0.05)
    world, informants = World("b"), Informants([target("hanging"), target("b")])
    assert world.ask(informants) == ["hanging", "b"]

    async def cut_off() -> None:
        async with asyncio.timeout(0.03):
            await Informants([target("hanging")]).ask(world.question)

    with pytest.raises(TimeoutError):
        asyncio.run(cut_off())
    with pytest.raises(DiscoveryError) as caught:
        World().ask(Informants([target("hanging")]))
    assert caught.value.reason is Reason.TIMEOUT
