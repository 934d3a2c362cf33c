"""Whole samples of six keyspaces, several times: 95 % intervals hold the truth, of patterns and in all."""

import string
from collections.abc import Mapping, Sequence
from random import Random

import pytest

from exporter.keyspace.facts import KeyFacts
from exporter.keyspace.interval import Estimate, error_ratio
from exporter.keyspace.plan import SamplePlan
from exporter.keyspace.pool import GroupSample, Pool
from exporter.keyspace.ranking import rank
from exporter.keyspace.report import OTHER, KeyPatternReport
from exporter.keyspace.summary import DatabaseSummary, summarise
from tests.keyspace.imaginary import Key, fill_sample, new_sample
from tests.keyspace.keyspaces import KEYSPACES, Tallies, Tally, make_keyspace

LEAST = 0.93
SEEDS, SAMPLES = 5, 4
SINGLE_KEYS = (
    *("catalog:full", "price/list", "geo:index", "sitemap:xml:gz:all", "feature:flags:all"),
    *("menu|main", "i18n:en:bundle", "stats:daily:blob", "robots:txt:full"),
)
WORDS = tuple(string.ascii_lowercase)


def summary_of(keys: Mapping[bytes, Key], plan: SamplePlan | None, seed: int) -> DatabaseSummary:
    """The order in which keys come is always the same: that of their hashes."""
    found = new_sample(plan, seed=seed)
    fill_sample(found, keys, Random(1), batch=200)
    return summarise(0, found, found.scanned, complete=True)


@pytest.mark.parametrize("sample", [1000, 2500])
def test_intervals_hold_the_truth_on_six_keyspaces(sample: int) -> None:
    tallies = {name: Tallies.empty() for name in KEYSPACES}
    for name, tally in tallies.items():
        for seed in range(SEEDS):
            keys = make_keyspace(name, Random(seed))
            exact = summary_of(keys, None, 0)
            assert exact.report.memory_bytes == sum(key.memory for key in keys.values())
            assert exact.report.memory_error_ratio == 0
            for again in range(SAMPLES):
                sampled = summary_of(keys, SamplePlan(sample, use_up=True), SAMPLES * seed + again)
                tally.compare(sampled.patterns, exact.patterns)
                report = sampled.report
                tally.total.add(report.memory_bytes, report.memory_error_ratio, exact.report.memory_bytes)
    assert (
        sum(tally.memory.false + tally.untimed.false + tally.total.false for tally in tallies.values()) == 0
    )
    assert not any(tally.total.unknown for tally in tallies.values())
    # Single keyspaces are of too few independent draws to be judged each at 93 %.
    for kind in ("memory", "untimed", "total"):
        parts = [getattr(tally, kind) for tally in tallies.values()]
        assert sum(one.held for one in parts) >= LEAST * sum(one.tried for one in parts), (kind, tallies)


def test_what_is_summed_up_as_other_holds_the_truth() -> None:
    tally = Tallies.empty()
    for seed in range(SEEDS * SAMPLES):
        keys = make_keyspace("many small patterns", Random(seed))
        exact = summary_of(keys, None, 0)
        sampled = summary_of(keys, SamplePlan(800, use_up=True), seed)
        shown = {(one.database, one.pattern) for one in exact.patterns[:3]}
        others = [
            rank(one.patterns, 3, shown, configured=[name for _, name in shown], samples={"db0": one.samples})
            for one in (sampled, exact)
        ]
        assert [one[-1].pattern for one in others] == [OTHER, OTHER]
        tally.compare(others[0][-1:], others[1][-1:])
    assert tally.memory.unknown == tally.memory.false == 0
    assert tally.memory.tried == SEEDS * SAMPLES
    assert tally.memory.held >= 18
    assert tally.untimed.held >= 18


def test_a_pattern_of_which_little_is_known_says_so_and_the_total_holds() -> None:
    held = 0
    for seed in range(SEEDS * SAMPLES):
        keys = {b"big:%d" % number: Key(b"string", -1, 100 + number % 7) for number in range(6000)}
        keys |= {
            b"rare:%c:%d" % (97 + number % 5, number): Key(b"string", -1, 4000 + number % 900)
            for number in range(300)
        }
        sampled = summary_of(keys, SamplePlan(200, use_up=True), seed)
        rare = [one for one in sampled.patterns if one.pattern.startswith("rare")]
        assert len(rare) == 5
        assert [one.memory_error_ratio for one in rare] == [None] * 5
        truth = sum(key.memory for key in keys.values())
        found, ratio = sampled.report.memory_bytes, sampled.report.memory_error_ratio
        assert found is not None
        assert ratio is not None
        held += abs(found - truth) <= ratio * found
    assert held >= LEAST * SEEDS * SAMPLES


def test_few_large_keys_among_many_small_ones_are_all_asked() -> None:
    keys = {b"big:%d" % number: Key(b"string", -1, 100 + number % 7) for number in range(6000)}
    keys |= {b"rare:%c:x" % (97 + number): Key(b"string", -1, 5000) for number in range(20)}
    sampled = summary_of(keys, SamplePlan(200, use_up=True), 3)
    rare = [one for one in sampled.patterns if one.pattern.startswith("rare")]
    assert sum(one.keys for one in rare) == 20
    assert {one.memory_error_ratio for one in rare} == {0}


def large_keys_beside_tenants(seed: int, names: Sequence[str] = SINGLE_KEYS) -> dict[bytes, Key]:
    """Many small keys of sixty tenants, and few large ones, each with a pattern of its own, in any order."""
    random = Random(seed)
    keys = {}
    for _ in range(60):
        tenant = "".join(random.choices(string.ascii_lowercase, k=7))
        for end in ("settings", *(f"user_{number}" for number in range(12))):
            keys[f"t_{tenant}_{end}".encode()] = Key(b"string", -1, 72)
    return keys | {name.encode(): Key(b"string", -1, 20_000 + random.randrange(3000)) for name in names}


def compare_large_keys(
    sample: int, names: Sequence[str] = SINGLE_KEYS
) -> tuple[Tally, list[KeyPatternReport]]:
    """The total of twenty samples, and the large keys' patterns."""
    tally, single = Tally(), []
    for seed in range(SEEDS * SAMPLES):
        keys = large_keys_beside_tenants(seed, names)
        found = new_sample(SamplePlan(sample, use_up=True), seed=seed)
        fill_sample(found, keys, Random(seed), batch=50)
        sampled = summarise(0, found, found.scanned, complete=True)
        truth = sum(key.memory for key in keys.values())
        tally.add(sampled.report.memory_bytes, sampled.report.memory_error_ratio, truth)
        single += [one for one in sampled.patterns if one.pattern in names]
    return tally, single


def test_single_large_keys_are_asked_though_the_sample_is_used_up() -> None:
    tally, single = compare_large_keys(200)
    assert (tally.unknown, tally.false) == (0, 0)
    assert tally.held >= LEAST * tally.tried
    assert {one.memory_error_ratio for one in single} == {0}


@pytest.mark.parametrize("sample", [50, 100, 200, 400])
@pytest.mark.parametrize("count", [9, 30])
def test_keys_of_which_none_was_asked_are_unknown_and_the_total_says_so(
    sample: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are more patterns than keys that may be asked: some are met when nothing is left for them."""
    monkeypatch.setattr("exporter.keyspace.draw._FIRST_KEYS", 0)
    monkeypatch.setattr("exporter.keyspace.draw._FIRST_SHARE", 0.0)
    tally, single = compare_large_keys(sample, (*SINGLE_KEYS, *(f"{word}:all" for word in WORDS))[:count])
    unasked = [one for one in single if one.memory_bytes is None]
    assert unasked
    for one in unasked:
        assert (one.memory_error_ratio, one.mean_bytes, one.max_bytes) == (None, None, None)
        assert (one.keys_without_ttl, one.keys_without_ttl_error_ratio) == (None, None)
    assert {one.memory_error_ratio for one in single if one.memory_bytes is not None} == {0}
    assert tally.false == 0
    assert tally.held >= LEAST * tally.tried, tally


def test_the_total_is_unknown_where_much_was_not_asked_at_all() -> None:
    asked, one, single = KeyFacts(), KeyFacts(), KeyFacts()
    asked.add("string", [-1] * 500, [72] * 500, 2.0)
    one.add("string", [-1], [9000], 2.0)
    known, large, unasked = GroupSample.of(1000, asked), GroupSample.of(1, one), GroupSample.of(1, single)
    assert error_ratio(Pool([known, large]).total_memory()) is not None
    # One of their kind was asked: they are taken to be like it, or to be nothing.
    total = Pool([known, large, unasked, unasked]).total_memory()
    assert total.value == pytest.approx(1000 * 72 + 3 * 9000)
    assert total.half_width >= 2 * 9000
    # None of their kind, or too many of them.
    assert error_ratio(Pool([known, unasked, unasked]).total_memory()) is None
    assert error_ratio(Pool([known, large, *[unasked] * 100]).total_memory()) is None
    assert Pool([known, unasked]).total_untimed([unasked] * 2) == Estimate(2.0, 2.0)
    nothing = Pool([unasked]).total_memory()
    assert (nothing.rounded, error_ratio(nothing)) == (None, None)
