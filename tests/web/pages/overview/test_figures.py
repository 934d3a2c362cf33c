"""The figures of a server, out of the rows of the store."""

from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.web.pages.overview.figures import FigureReader
from tests.web.pages.overview.fleet import Fleet, Runner

NAMES = (
    "redis_commands_processed_total",
    "redis_keyspace_hits_total",
    "redis_keyspace_misses_total",
    "redis_vigil_own_keyspace_hits_total",
    "redis_vigil_own_keyspace_misses_total",
)
POINTS = [Point(Family(name, Kind.COUNTER, "…"), "", Labels({})) for name in NAMES]


def record(fleet: Fleet, runner: Runner, *rows: tuple[int, tuple[float | None, ...]]) -> None:
    """Counters so many seconds ago."""
    layout = Layout(POINTS, runner.target.series_labels)
    for ago, values in rows:
        at_ms = round((fleet.now - ago) * 1000)
        fleet.store.append(Sample(f"{runner.target.instance}/info", at_ms, layout, values))


def read(*rows: tuple[int, tuple[float | None, ...]]) -> tuple[float | None, float | None]:
    """Commands per second, and hit rate."""
    fleet = Fleet(now=1_795_000_000.0)
    runner = fleet.add("a")
    record(fleet, runner, *rows)
    figures = FigureReader(fleet.store, round(fleet.now * 1000)).read(fleet.runners[0])
    return figures.commands, figures.hit_rate


def test_rates_need_two_looks() -> None:
    assert read((0, (500, 10, 10, 0, 0))) == (None, None)
    assert read((15, (500, 0, 0, 0, 0)), (0, (650, 60, 40, 0, 0))) == (10.0, 0.6)


def test_a_server_that_is_looked_at_every_ten_minutes() -> None:
    rows = [(ago, (3_000 - ago, 6_000 - 2 * ago, 0, 0, 0)) for ago in (1800, 1200, 600, 0)]
    assert read(*rows) == (1.0, 1.0)


def test_our_own_look_ups_are_taken_off() -> None:
    commands, hits = read((300, (0, 0, 0, 0, 0)), (60, (0, 1, 1, 0, 0)), (0, (60, 1000, 2000, 400, 1400)))
    assert (commands, hits) == (1.0, 0.5)


def test_a_daemon_that_was_restarted_has_counted_anew_what_is_its_own() -> None:
    _, hits = read((300, (0, 0, 0, 9000, 9000)), (0, (60, 1000, 2000, 400, 1400)))
    assert hits == 0.5


def test_a_server_that_was_restarted_counts_from_0() -> None:
    commands, _ = read((60, (9000, 0, 0, 0, 0)), (0, (120, 0, 0, 0, 0)))
    assert commands == 2.0


def test_hardly_any_look_up_is_no_rate() -> None:
    assert read((300, (0, 0, 0, 0, 0)), (0, (60, 100, 100, 0, 0)))[1] is None


def test_rows_without_values_tell_nothing() -> None:
    assert read((60, (None,) * 5), (0, (9, 9, 9, 9, 9))) == (None, None)
