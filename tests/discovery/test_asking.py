"""Whom a source asks when those that it asked do not answer."""

import asyncio
from collections.abc import Sequence

import pytest

from exporter.connection import Connection
from exporter.discovery import asking
from exporter.discovery.asking import Informants
from exporter.errors import DiscoveryError, Reason, TargetError
from exporter.model.target import Address, Target


def target(name: str) -> Target:
    return Target(name, Address(name, 1))


class World:
    """Servers of which some answer; notes who was asked."""

    def __init__(self, *alive: str) -> None:
        self.alive = set(alive)
        self.asked: list[str] = []

    async def question(self, connection: Connection) -> str:
        name = connection.target.instance
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
    informants.learn([target("x"), target("seed"), target("y")])
    world.alive = {"y"}
    assert world.ask(informants) == ["seed", "x", "y"]
    # The one that answers stays, wherever it stands in the new list.
    informants.learn([target("y"), target("z")])
    assert world.ask(informants) == ["y"]
    world.alive = {"seed"}
    assert world.ask(informants) == ["y", "z", "seed"]


def test_a_reload_forgets_nobody() -> None:
    earlier = Informants([target("seed")])
    earlier.learn([target("x")])
    later = Informants([target("seed")])
    later.follow(earlier)
    assert World("x").ask(later) == ["seed", "x"]


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
