"""An export of blocks has all that the store had of which they were made."""

from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.remote.export.from_blocks import BlocksSource
from exporter.remote.export.model import Selectors, Span
from exporter.remote.export.run import export
from exporter.store import Store
from tests.history.remembered_blocks import RememberedBlocks, block_of

STEP = 15_000
KEYS = Family("redis_db_keys", Kind.GAUGE, "Keys.", ("db",))
UP = Family("redis_up", Kind.GAUGE, "Whether the server answers.")


def layout_of(instance: str) -> Layout:
    points = [*(Point(KEYS, "", Labels({"db": db})) for db in "01"), Point(UP, "", Labels())]
    return Layout(points, Labels({"instance": instance}))


def blocks() -> RememberedBlocks:
    """Two servers over two blocks; the second one is gone in the third row."""
    store = Store()
    for source in ("a", "b"):
        layout = layout_of(f"{source}:1")
        for number in range(4):
            gone = source == "b" and number == 2
            values = [float(number), None if gone else 5.0, 1.0]
            store.append(Sample(source, (number + 1) * STEP, layout, values))
    return RememberedBlocks([block_of(store, 0, 3 * STEP), block_of(store, 3 * STEP, 9 * STEP)])


def written(span: Span, selectors: Selectors = (), found: RememberedBlocks | None = None) -> list[str]:
    texts: list[str] = []
    export(BlocksSource(found or blocks(), span, selectors), "openmetrics", texts.append)
    return "".join(texts).splitlines()


def test_series_go_on_over_the_border_of_blocks() -> None:
    lines = written(Span(0, 9 * STEP))
    assert lines[:9] == [
        "# TYPE redis_db_keys unknown",
        *(f'redis_db_keys{{db="0",instance="a:1"}} {at} {at * 15 + 15}.000' for at in range(4)),
        *(f'redis_db_keys{{db="0",instance="b:1"}} {at} {at * 15 + 15}.000' for at in range(4)),
    ]
    assert [line for line in lines if line.startswith('redis_db_keys{db="1",instance="b:1"}')] == [
        f'redis_db_keys{{db="1",instance="b:1"}} 5 {at * 15 + 15}.000' for at in (0, 1, 3)
    ]
    assert sum(not line.startswith("#") for line in lines) == 23
    assert lines[-1] == "# EOF"


def test_the_time_has_both_ends() -> None:
    lines = written(Span(2 * STEP, 3 * STEP), [[Matcher("__name__", MatchOp.EQUAL, "redis_up")]])
    assert [line.split()[-1] for line in lines[1:-1]] == ["30.000", "45.000"] * 2


def test_what_several_selectors_pick_comes_once() -> None:
    selectors = [
        [Matcher("instance", MatchOp.EQUAL, "a:1")],
        [Matcher("db", MatchOp.EQUAL, "0"), Matcher("instance", MatchOp.REGEX, "[ab]:1")],
    ]
    lines = written(Span(0, 9 * STEP), selectors)
    assert len(lines) == len(set(lines)) == 4 * 4 + 3


def test_a_damaged_block_costs_that_block() -> None:
    found = blocks()
    found.blocks[0].is_damaged = True
    lines = written(Span(0, 9 * STEP), [[Matcher("__name__", MatchOp.EQUAL, "redis_up")]], found)
    assert [line.split()[-1] for line in lines[1:-1]] == ["45.000", "60.000"] * 2
    assert found.damaged
