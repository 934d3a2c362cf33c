"""Series of one instance are found among those of many, whoever wrote them and whatever became of them."""

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.store import Move, Store

GAUGE = Family("m", Kind.GAUGE, "A gauge.", ("k",))
RULE = Family("m", Kind.GAUGE, "What a rule writes.", ("instance",))


def base(instance: str) -> Labels:
    return Labels({"instance": instance, "job": "redis"})


def write(store: Store, instance: str, timestamp: int, key: str = "x", source: str = "") -> None:
    layout = Layout([Point(GAUGE, "", Labels({"k": key}))], base(instance))
    store.append(Sample(source or f"{instance}/info", timestamp, layout, [1.0]))


def found(store: Store, instance: str) -> set[tuple[str, str]]:
    """Instance and k of what `instance` selects; and as it is without an index."""
    plain = [Matcher(METRIC_NAME, MatchOp.EQUAL, "m"), Matcher("instance", MatchOp.EQUAL, instance)]
    anchored = [plain[0], Matcher("instance", MatchOp.REGEX, instance)]
    selections = [store.select(plain), store.select(anchored), list(store.find(plain))]
    sets = [{(one.labels.get("instance"), one.labels.get("k")) for one in some} for some in selections]
    assert sets[0] == sets[1] == sets[2]
    return sets[0]


def test_those_of_one_and_those_that_rules_write_about_it() -> None:
    store = Store()
    for instance in ("a", "b", "c"):
        write(store, instance, 1)
    own = Layout([Point(RULE, "", Labels({"instance": one})) for one in ("a", "b")], Labels({"job": "redis"}))
    store.append(Sample("rule", 1, own, [1.0, 2.0]))
    # The own label of a series wins over that in common.
    proxied = Layout([Point(RULE, "", Labels({"instance": "c"}))], base("d"))
    store.append(Sample("d/proxy", 1, proxied, [1.0]))

    assert found(store, "a") == {("a", "x"), ("a", "")}
    assert found(store, "c") == {("c", "x"), ("c", "")}
    assert found(store, "d") == found(store, "nobody") == set()


def test_a_source_that_gets_another_instance_is_found_under_both() -> None:
    store = Store()
    write(store, "a", 1, source="one")
    write(store, "b", 2, source="one")
    assert (found(store, "a"), found(store, "b")) == ({("a", "x")}, {("b", "x")})


def test_what_has_gone_or_got_another_name_is_found_there_only() -> None:
    store = Store()
    for instance in ("a", "b"):
        write(store, instance, 1)
    store.rename([Move("a/info", base("a"), "c/info", base("c"))])
    store.delete("b/info")
    assert found(store, "a") == found(store, "b") == set()
    assert found(store, "c") == {("c", "x")}
    write(store, "b", 2, "y")
    assert found(store, "b") == {("b", "y")}
