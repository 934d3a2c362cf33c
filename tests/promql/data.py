"""Data for tests of the engine, in the notation of promqltest scripts."""

from exporter.promql import Engine, Limits, Matrix, Scalar, String, Vector, parse
from tests.promql.promqltest.script import Load, read_script
from tests.promql.promqltest.world import World

MINUTE_MS = 60_000


def load(text: str) -> World:
    """A world with the series of a `load` command, such as `load 1m` and indented series."""
    world = World()
    extend(world, text)
    return world


def extend(world: World, text: str) -> None:
    """Load more into a world."""
    for command in read_script(text):
        assert isinstance(command, Load)
        world.load(command)


def evaluate(world: World, query: str, at_ms: int, limits: Limits | None = None) -> dict[str, float]:
    """The result of an instant query by labels; a scalar has the labels ""."""
    value = Engine(world.store, limits).instant(parse(query), at_ms).value
    match value:
        case Vector():
            return {str(sample.labels): sample.value for sample in value.samples}
        case Scalar():
            return {"": value.value}
        case Matrix() | String():
            raise AssertionError(f"{query} yields {value}")


def evaluate_range(
    world: World, query: str, start_ms: int, end_ms: int, step_ms: int
) -> dict[str, list[tuple[int, float]]]:
    """The result of a range query by labels."""
    value = Engine(world.store).range(parse(query), start_ms, end_ms, step_ms).value
    assert isinstance(value, Matrix)
    return {str(series.labels): series.points for series in value.series}
