"""Matchers that are long, large or many cost those who have them."""

import pytest

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.store import Store
from exporter.store.selections import Selections

_FAMILY = Family("commands_total", Kind.COUNTER, "Commands.", ("cmd",))
# Each character takes ten thousand steps.
_LARGE = "|".join(f".*a{number}.*" for number in range(500))


def _store(values: list[str]) -> Store:
    store = Store()
    layout = Layout([Point(_FAMILY, "", Labels({"cmd": value})) for value in values])
    store.append(Sample("a", 1000, layout, [1.0] * len(values)))
    return store


def test_between_two_values_of_a_large_expression_others_have_their_turn() -> None:
    store = _store([f"c{number}" for number in range(100)])
    turns: list[int] = []
    store.select([Matcher("cmd", MatchOp.REGEX, _LARGE)], turns.append)
    assert len(turns) >= 100
    turns.clear()
    store.select([Matcher("cmd", MatchOp.REGEX, "c.*")], turns.append)
    assert len(turns) < 10


def test_between_servers_too() -> None:
    store = Store()
    for number in range(50):
        layout = Layout([Point(_FAMILY, "", Labels({"cmd": "a"}))], Labels({"instance": f"s{number}"}))
        store.append(Sample(f"s{number}", 1000, layout, [1.0]))
    turns: list[int] = []
    store.select([Matcher("instance", MatchOp.NOT_REGEX, _LARGE)], turns.append)
    assert len(turns) >= 50


def test_a_value_too_long_for_an_expression_is_an_error() -> None:
    store = _store(["get", "x" * 1000])
    for op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
        with pytest.raises(QueryError, match="for cmd is too large for a value of 1,000 characters"):
            store.select([Matcher("cmd", op, _LARGE)])
    assert len(store.select([Matcher("cmd", MatchOp.REGEX, "x.*")])) == 1


def _key(value: str) -> tuple[Matcher, ...]:
    return (Matcher("cmd", MatchOp.EQUAL, value),)


def test_selections_that_find_nothing_take_memory_too() -> None:
    selections = Selections()
    selections.keep(_key("first"), ())
    selections.keep(_key("x" * 3000), ())
    assert selections.get(_key("first")) == ()
    assert selections.get(_key("x" * 3000)) is None
    for number in range(30_000):
        selections.keep(_key(str(number)), ())
    assert selections.get(_key("first")) is None
    assert selections.get(_key("29999")) == ()
