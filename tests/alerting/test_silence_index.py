"""Silences are found by an index: the same ones as by asking each of them."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.alerting.silences import Silence, Silences
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp

NOW = 1_000.0
# Texts and expressions that are alike, so that many fit.
VALUES = st.sampled_from(["", "a", "ab", "abc", "a.c", "b", "ba", "\N{SNOWMAN}", "a|b", "A"])
EXPRESSIONS = st.sampled_from(
    ["", "a", "ab?", "ab*", "a.c", "a\\.c", "a|b", "(a|b)c?", "(?i)a", ".*", "a+b{0,2}", "a{1,2}", "^ab$"]
)
ODD = st.sampled_from(["[ab].*", "\N{SNOWMAN}?", "\N{SNOWMAN}", "a\\|b", "\\Qa.c\\E", "ab{0}", "ba.*"])
NAMES = st.sampled_from(["x", "y", "z"])
MATCHERS = st.one_of(
    st.builds(Matcher, NAMES, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]), VALUES),
    st.builds(Matcher, NAMES, st.sampled_from([MatchOp.REGEX, MatchOp.NOT_REGEX]), EXPRESSIONS | ODD),
)
LABELS = st.builds(Labels, st.dictionaries(NAMES, VALUES))
STEPS = st.one_of(
    st.tuples(st.just("add"), st.lists(MATCHERS, min_size=1, max_size=3).map(tuple), st.integers(-20, 20)),
    st.tuples(st.just("ask"), LABELS, st.integers(-20, 20)),
    st.tuples(st.just("collect"), st.none(), st.just(0)),
    st.tuples(st.just("forget"), LABELS, st.just(0)),
)


def silence(number: int, matchers: tuple[Matcher, ...], starts_at: float) -> Silence:
    return Silence(f"{number:04}", matchers, starts_at, starts_at + 10, "ann", "c")


@given(st.lists(STEPS, min_size=1, max_size=60))
def test_the_index_finds_what_each_silence_says(steps: list[tuple[str, object, int]]) -> None:
    silences, kept = Silences(limit=100), list[Silence]()
    for number, (what, about, offset) in enumerate(steps):
        if what == "add" and isinstance(about, tuple):
            kept.append(silence(number, about, NOW + offset))
            silences.restore(kept[-1:])
        elif what == "ask" and isinstance(about, Labels):
            now = NOW + offset
            wanted = [one.id for one in kept if one.matches(about) and one.starts_at <= now < one.ends_at]
            assert list(silences.silencing(about, now)) == wanted
        elif what == "forget" and isinstance(about, Labels):
            silences.drop_alert(about)
        elif what == "collect":
            gone = silences.collect_garbage(NOW + 5 + 120 * 3600)
            kept = [one for one in kept if one.id not in gone]


def test_an_index_of_silences_that_are_gone_is_made_anew() -> None:
    silences = Silences(limit=10_000)
    labels = Labels({"instance": "host-1"})
    for number in range(4_000):
        one = silence(number, (Matcher("instance", MatchOp.EQUAL, f"host-{number}"),), NOW)
        silences.restore([one])
    assert silences.silencing(labels, NOW) == ("0001",)
    before = silences._index
    assert len(silences.collect_garbage(NOW + 1e9)) == 4_000
    assert silences._index is not before
    assert silences.silencing(labels, NOW) == ()
    silences.restore([silence(5_000, (Matcher("instance", MatchOp.EQUAL, "host-1"),), NOW)])
    assert silences.silencing(labels, NOW) == ("5000",)


def test_silences_about_one_server_each_are_not_all_asked_about_an_alert() -> None:
    asked = []

    class Asked(Matcher):
        def matches(self, labels: object) -> bool:
            asked.append(self)
            return super().matches(labels)  # type: ignore[arg-type]

        def matches_value(self, value: str) -> bool:
            asked.append(self)
            return super().matches_value(value)

    silences = Silences(limit=2_000)
    for number in range(1_000):
        equal = Asked("instance", MatchOp.EQUAL, f"host-{number}")
        expression = Asked("instance", MatchOp.REGEX, f"host-{number}(:.*)?")
        anybody = Asked("alertname", MatchOp.REGEX, "Redis.*")
        silences.restore(
            [silence(number, (anybody, equal), NOW), silence(5_000 + number, (anybody, expression), NOW)]
        )
    found = silences.silencing(Labels({"alertname": "RedisDown", "instance": "host-7"}), NOW)
    assert found == ("0007", "5007")
    assert len(asked) < 10
