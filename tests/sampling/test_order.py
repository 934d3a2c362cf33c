"""The order of samplers, by what they need from each other."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

import exporter
from exporter.config.samplers.base import SamplerSection
from exporter.connection import Client
from exporter.samplers.registry import SAMPLERS
from exporter.sampling.base import SamplerContext, SamplerSpec
from exporter.sampling.order import DependencyError, in_order

PACKAGE = Path(exporter.__file__).parent
# Where the modules of a sampler lie, if not in a module or package of its name.
PLACES = {
    "config": "samplers/server_config.py",
    "keyspace": "keyspace",
    "queues": "queues",
}


@dataclass(frozen=True)
class Tides:
    height: float = 0.0


@dataclass(frozen=True)
class Weather:
    wind: float = 0.0


class Nothing:
    def __init__(self, context: SamplerContext[SamplerSection]) -> None:
        pass

    async def sample(self, connection: Client, at: float) -> None:
        pass

    async def close(self) -> None:
        pass


def spec(
    name: str,
    needs: tuple[type, ...] = (),
    provides: tuple[type, ...] = (),
    uses_previous: tuple[type, ...] = (),
    *,
    own_connection: bool = False,
) -> SamplerSpec[SamplerSection]:
    return SamplerSpec(
        name,
        SamplerSection,
        (),
        Nothing,
        needs=needs,
        uses_previous=uses_previous,
        provides=provides,
        own_connection=own_connection,
    )


def test_a_sampler_runs_after_those_whose_data_it_needs() -> None:
    sails = spec("sails", (Weather, Tides))
    weather = spec("weather", (Tides,), (Weather,))
    tides, moon = spec("tides", (), (Tides,)), spec("moon")

    assert in_order([moon, sails, weather, tides]) == (moon, tides, weather, sails)


def test_samplers_that_need_nothing_stay_as_they_are_listed() -> None:
    tides, log = spec("tides", (), (Tides,)), spec("log", uses_previous=(Tides,))

    assert in_order([log, tides]) == (log, tides)


def test_samplers_that_need_each_other_are_refused() -> None:
    with pytest.raises(DependencyError, match="need each other: weather, tides"):
        in_order([spec("weather", (Tides,), (Weather,)), spec("tides", (Weather,), (Tides,))])


@pytest.mark.parametrize("lonely", [spec("sails", (Tides,)), spec("sails", uses_previous=(Tides,))])
def test_what_no_sampler_provides_is_refused(lonely: SamplerSpec[SamplerSection]) -> None:
    with pytest.raises(DependencyError, match="sails needs Tides, which no sampler provides"):
        in_order([lonely, spec("weather", (), (Weather,))])


def test_two_samplers_cannot_provide_the_same() -> None:
    with pytest.raises(DependencyError, match="moon and buoy both provide Tides"):
        in_order([spec("moon", (), (Tides,)), spec("buoy", (), (Tides,))])


def test_what_a_sampler_with_its_own_connection_finds_comes_too_late_for_the_others() -> None:
    buoy = spec("buoy", (), (Tides,), own_connection=True)
    with pytest.raises(DependencyError, match="sails needs Tides, but buoy runs after it"):
        in_order([spec("sails", (Tides,)), buoy])

    late = spec("sails", (Tides,), own_connection=True)
    assert in_order([late, buoy]) == (buoy, late)


def test_info_runs_first_and_the_slow_log_before_what_could_be_in_it() -> None:
    assert [one.name for one in SAMPLERS[:2]] == ["info", "slowlog"]


@pytest.mark.parametrize("one", SAMPLERS, ids=lambda one: one.name)
def test_samplers_declare_what_they_read_and_provide(one: SamplerSpec[SamplerSection]) -> None:
    got, provided = set[str](), set[str]()
    for path in modules_of(one.name):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "server" and "facts" in ast.unparse(node):
                got.add("ServerInfo")
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if not ast.unparse(node.func.value).endswith("facts") or not node.args:
                continue
            if node.func.attr == "get" and isinstance(node.args[0], ast.Name):
                got.add(ast.unparse(node.args[0]))
            if node.func.attr == "provide":
                provided.add(ast.unparse(node.args[0]).partition("(")[0])

    assert got <= names((*one.needs, *one.uses_previous, *one.provides))
    # What INFO says of the server is made by a function.
    assert {name.replace("update_state", "ServerInfo") for name in provided} == names(one.provides)


def modules_of(name: str) -> list[Path]:
    place = PACKAGE / PLACES.get(name, f"samplers/{name}")
    return sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def names(types: tuple[type, ...]) -> set[str]:
    return {one.__name__ for one in types}
