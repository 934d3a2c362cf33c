import math

import pytest

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.promql import Engine, Limits, Matrix, Scalar, String, Value, Vector, parse
from tests.promql.data import MINUTE_MS, evaluate, evaluate_range, extend, load

WORLD = """
load 1m
  up{server="a"} 1 1 1 1 1 1
  up{server="b"} 1 0 1 _ stale 0
  ops_total{server="a"} 0+60x5
"""


def test_each_type_of_query_has_its_value() -> None:
    engine = Engine(load(WORLD).store)
    assert engine.instant(parse("1 + 1"), 0).value == Scalar(2)
    assert engine.instant(parse('"a"'), 0).value == String("a")
    assert isinstance(engine.instant(parse("up"), 0).value, Vector)
    assert isinstance(engine.instant(parse("up[5m]"), 0).value, Matrix)
    assert isinstance(engine.range(parse("1 + 1"), 0, 0, 1).value, Matrix)


def test_a_range_query_yields_sorted_series_with_their_points() -> None:
    found = evaluate_range(load(WORLD), "up", 0, 5 * MINUTE_MS, MINUTE_MS)
    assert list(found) == ['up{server="a"}', 'up{server="b"}']
    assert found['up{server="b"}'] == [
        (0, 1.0),
        (60_000, 0.0),
        (120_000, 1.0),
        (180_000, 1.0),
        (300_000, 0.0),
    ]


def test_a_range_query_ends_with_the_last_whole_step() -> None:
    found = evaluate_range(load(WORLD), "time()", 0, 100, 30)
    assert [at_ms for at_ms, _ in found["{}"]] == [0, 30, 60, 90]


@pytest.mark.parametrize("text", ["up[5m]", "up[5m:]", '"a"'])
def test_range_queries_need_a_vector_or_a_number(text: str) -> None:
    with pytest.raises(QueryError, match="for range query, must be Scalar or instant Vector"):
        Engine(load(WORLD).store).range(parse(text), 0, 1000, 100)


@pytest.mark.parametrize("step", [0, -1])
def test_range_queries_need_a_step(step: int) -> None:
    with pytest.raises(QueryError, match="zero or negative query resolution step"):
        Engine(load(WORLD).store).range(parse("up"), 0, 1000, step)


def test_an_end_before_the_start_yields_nothing() -> None:
    assert evaluate_range(load(WORLD), "up", 1000, 0, 100) == {}


def test_an_expression_follows_series_that_come_and_go() -> None:
    """Plans keep what follows from labels; that must not outlive the labels."""
    world = load(WORLD)
    engine = Engine(world.store)
    expressions = {
        text: parse(text)
        for text in (
            "sum by (server) (up)",
            "up * on (server) group_left () up",
            "up == 1 or vector(7)",
            "rate(ops_total[2m])",
            'label_replace(up, "s", "$1", "server", "(.)")',
            "up unless on (server) ops_total",
        )
    }

    def run(at_ms: int) -> dict[str, object]:
        return {text: engine.instant(one, at_ms).value for text, one in expressions.items()}

    def fresh(at_ms: int) -> dict[str, object]:
        return {text: Engine(world.store).instant(parse(text), at_ms).value for text in expressions}

    for at_ms in range(0, 12 * MINUTE_MS, 30_000):
        assert run(at_ms) == fresh(at_ms)
    extend(world, 'load 1m\n  up{server="c"} _ _ _ 1 1 1 0\n  ops_total{server="c"} 0+6x9')
    for at_ms in range(0, 12 * MINUTE_MS, 30_000):
        assert run(at_ms) == fresh(at_ms)
    world.store.mark_stale('up{server="c"}', 7 * MINUTE_MS)
    assert run(7 * MINUTE_MS) == fresh(7 * MINUTE_MS)
    world.store.delete('up{server="a"}')
    assert run(5 * MINUTE_MS) == fresh(5 * MINUTE_MS)


def test_annotations_name_the_place_in_the_query() -> None:
    world = load('load 1m\n  depth 1 2 3\n  odd_bucket{le="x"} 1')
    engine = Engine(world.store, delayed_name_removal=True)
    result = engine.instant(
        parse("1 +\n  rate((depth[2m])) + histogram_quantile(2, odd_bucket)"), 2 * MINUTE_MS
    )
    assert result.infos == (
        "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
        '"depth" (2:9)',
    )
    assert result.warnings == (
        "PromQL warning: quantile value should be between 0 and 1, got 2 (2:42)",
        'PromQL warning: bucket label "le" is missing or has a malformed value of "x" for metric name '
        '"odd_bucket" (2:45)',
    )


def test_names_go_late_or_at_once_as_it_is_told() -> None:
    engine = Engine(load("load 1m\n  depth 1 2 3").store)
    expression = parse('label_replace(abs(depth), "of", "$1", "__name__", "(.*)")')

    def labels() -> list[str]:
        value = engine.instant(expression, MINUTE_MS).value
        assert isinstance(value, Vector)
        return [str(sample.labels) for sample in value.samples]

    assert labels() == ["{}"]
    engine.delay_name_removal(True)
    assert labels() == ['{of="depth"}']
    engine.delay_name_removal(False)
    assert labels() == ["{}"]


def test_annotations_are_bounded() -> None:
    series = "\n".join(f"  depth_{number}{{n='{number}'}} 1 2 3" for number in range(60))
    engine = Engine(load(f"load 1m\n{series}").store, Limits(annotations=5))
    infos = engine.instant(parse('count(rate({__name__=~"depth.*"}[2m]))'), 2 * MINUTE_MS).infos
    assert len(infos) == 6
    assert infos[-1] == "55 more info annotations omitted"


def test_repeated_parts_are_computed_once_with_the_same_result() -> None:
    world = load(WORLD)
    query = "rate(ops_total[2m]) / (rate(ops_total[2m]) + rate(ops_total[2m]))"
    assert evaluate(world, query, 5 * MINUTE_MS) == {'{server="a"}': 0.5}
    found = evaluate_range(world, query, 2 * MINUTE_MS, 4 * MINUTE_MS, MINUTE_MS)
    assert found == {'{server="a"}': [(120_000, 0.5), (180_000, 0.5), (240_000, 0.5)]}


def test_the_step_of_subqueries_and_the_lookback_can_be_set() -> None:
    world = load(WORLD)
    engine = Engine(world.store, lookback_ms=30_000, default_step_ms=10_000)
    value = engine.instant(parse('count_over_time(up{server="a"}[1m:])'), MINUTE_MS).value
    assert isinstance(value, Vector)
    # At 10 s and 20 s the first sample still counts, at 60 s the second one.
    assert value.samples[0].value == 3


def test_labels_of_equal_results_are_refused_in_range_vectors() -> None:
    world = load("load 1m\n  a 1\n  b 1")
    with pytest.raises(QueryError, match="vector cannot contain metrics with the same labelset"):
        Engine(world.store).instant(parse('abs({__name__=~"a|b"})[2m:1m]'), 0)


def test_pinned_parts_are_computed_once_per_run() -> None:
    world = load(WORLD)
    calls = []

    class Counting:
        def select(self, matchers: object, check: object) -> object:
            calls.append(matchers)
            return world.store.select(matchers, check)  # type: ignore[arg-type]  # handed through

    engine = Engine(Counting())  # type: ignore[arg-type]  # select() is all that an engine needs
    engine.range(parse("sum(up @ 60)"), 0, 10 * MINUTE_MS, MINUTE_MS)
    assert len(calls) == 1
    engine.range(parse("max_over_time(sum(timestamp(up))[3m:1m])"), 0, 10 * MINUTE_MS, MINUTE_MS)
    # Steps that the ranges share are computed once: -2 m to 10 m.
    assert len(calls) == 1 + 13


LIMITED = {
    "up[5m]": Limits(samples=5),
    "sum(rate(up[5m]))": Limits(samples=4),
    "max_over_time(up[5m:1m])": Limits(samples=5),
    "up": Limits(samples=1),
    'label_replace(up, "a", "' + "x" * 200 + '", "", "")': Limits(samples=8),
}


@pytest.mark.parametrize(("text", "limits"), LIMITED.items())
def test_queries_may_hold_only_so_many_samples(text: str, limits: Limits) -> None:
    with pytest.raises(QueryError, match="would load too many samples"):
        Engine(load(WORLD).store, limits).instant(parse(text), 5 * MINUTE_MS)


def test_range_queries_may_hold_only_so_many_samples() -> None:
    with pytest.raises(QueryError, match="would load too many samples"):
        Engine(load(WORLD).store, Limits(samples=100)).range(parse("vector(1)"), 0, 200, 1)


def test_results_have_only_so_many_series() -> None:
    engine = Engine(load(WORLD).store, Limits(series=1))
    with pytest.raises(QueryError, match="more than 1 series"):
        engine.instant(parse("up"), 0)
    with pytest.raises(QueryError, match="more than 1 series"):
        engine.range(parse("up"), 0, MINUTE_MS, MINUTE_MS)
    with pytest.raises(QueryError, match="more than 1 series"):
        engine.range(
            parse("topk(1, up) and on () vector(time()) == 0 or topk(1, ops_total)"), 0, MINUTE_MS, MINUTE_MS
        )


def test_range_queries_have_only_so_many_steps() -> None:
    engine = Engine(load(WORLD).store)
    engine.range(parse("time()"), 0, 10_999, 1)
    with pytest.raises(QueryError, match="exceeded maximum resolution of 11000 points per timeseries"):
        engine.range(parse("time()"), 0, 11_000, 1)


@pytest.mark.parametrize("text", ["vector(1)", "vector(1) > 2", "nothing", "sum(nothing)"])
def test_queries_take_only_so_long(text: str) -> None:
    engine = Engine(load(WORLD).store, Limits(timeout_seconds=0.05, samples=10**9))
    with pytest.raises(QueryError, match=r"query timed out after 0\.05 s"):
        engine.instant(parse(f"max_over_time(({text})[290y:1ms])"), 0)


GROWING = (
    'label_replace({}, "a", "$1$1$1$1", "{}", "(.*)")',
    'label_join({}, "a", "", "a", "a", "{}")',
)


@pytest.mark.parametrize("function", GROWING)
def test_texts_do_not_grow_without_bound(function: str) -> None:
    query = function.format("up", "server")
    for _ in range(60):
        query = function.format(query, "a")
    with pytest.raises(QueryError, match="label value longer than 65536 characters"):
        evaluate(load(WORLD), query, 0)


def test_values_that_are_no_numbers_pass_through() -> None:
    found = evaluate(load("load 1m\n  odd NaN"), "odd * 2", 0)
    assert math.isnan(found["{}"])


def test_labels_of_results_lack_the_name_only_where_it_is_to_go() -> None:
    value = Engine(load(WORLD).store).instant(parse('up{server="a"} or -ops_total'), 0).value
    assert isinstance(value, Vector)
    assert [sample.labels for sample in value.samples] == [Labels({"__name__": "up", "server": "a"})]


class AlwaysDue:
    """A pace at which others run whenever they may."""

    is_due = True


def test_a_query_gives_way_and_may_be_overtaken_by_itself() -> None:
    """The same query runs to its end while another run of it has given way."""
    world = load(WORLD)
    engine = Engine(world.store)
    expression = parse("sum (up) + on () group_right () (up * 2)")
    whole = engine.range(expression, 0, 5 * MINUTE_MS, MINUTE_MS).value
    others: list[Value] = []

    class Overtaken(AlwaysDue):
        def yield_control(self) -> None:
            others.append(engine.range(expression, MINUTE_MS, 5 * MINUTE_MS, 4 * MINUTE_MS).value)

    assert engine.range(expression, 0, 5 * MINUTE_MS, MINUTE_MS, pace=Overtaken()).value == whole
    assert len(others) > 1
    assert all(value == others[0] for value in others)


def test_a_query_that_gives_way_can_be_ended() -> None:
    class Ended(AlwaysDue):
        def yield_control(self) -> None:
            raise QueryError("enough")

    engine = Engine(load(WORLD).store)
    with pytest.raises(QueryError, match="enough"):
        engine.range(parse("up"), 0, MINUTE_MS, 1000, pace=Ended())
    assert isinstance(engine.range(parse("up"), 0, MINUTE_MS, MINUTE_MS).value, Matrix)


def test_plans_are_forgotten_when_they_know_too_many_series() -> None:
    engine = Engine(load(WORLD).store, Limits(remembered=20))
    expressions = [parse(f"up + {number}") for number in range(30)]
    for expression in expressions:
        assert engine.instant(expression, MINUTE_MS).value == engine.instant(expression, MINUTE_MS).value
    assert sum(plan.remembered for plan in engine._plans.values()) <= 20
    assert expressions[-1] in engine._plans
    assert expressions[0] not in engine._plans
