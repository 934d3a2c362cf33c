"""Whole surveys of six keyspaces, several times: 95 % intervals hold the truth, of patterns and in all."""

from random import Random

import pytest

from exporter.samplers.keyspace.plan import SamplePlan
from exporter.samplers.keyspace.ranking import rank
from exporter.samplers.keyspace.report import OTHER
from exporter.samplers.keyspace.summary import DatabaseSummary, summarise
from tests.samplers.keyspace.imaginary import Key, new_survey, run_survey
from tests.samplers.keyspace.keyspaces import KEYSPACES, Tallies, make_keyspace

LEAST = 0.93
SEEDS, SAMPLES = 5, 4


def survey(keys: dict[bytes, Key], plan: SamplePlan | None, seed: int) -> DatabaseSummary:
    """The order in which keys come is always the same: that of their hashes."""
    found = new_survey(plan, seed=seed)
    run_survey(found, keys, Random(1), batch=200)
    return summarise(0, found, found.scanned, complete=True)


@pytest.mark.parametrize("sample", [1000, 2500])
def test_intervals_hold_the_truth_on_six_keyspaces(sample: int) -> None:
    tallies = {name: Tallies.empty() for name in KEYSPACES}
    for name, tally in tallies.items():
        for seed in range(SEEDS):
            keys = make_keyspace(name, Random(seed))
            exact = survey(keys, None, 0)
            assert exact.report.memory_bytes == sum(key.memory for key in keys.values())
            assert exact.report.memory_error_ratio == 0
            for again in range(SAMPLES):
                sampled = survey(keys, SamplePlan(sample, use_up=True), SAMPLES * seed + again)
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
        exact = survey(keys, None, 0)
        sampled = survey(keys, SamplePlan(800, use_up=True), seed)
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
        sampled = survey(keys, SamplePlan(200, use_up=True), seed)
        rare = [one for one in sampled.patterns if one.pattern.startswith("rare")]
        assert len(rare) == 5
        assert [one.memory_error_ratio for one in rare] == [None] * 5
        truth = sum(key.memory for key in keys.values())
        ratio = sampled.report.memory_error_ratio
        assert ratio is not None
        held += abs(sampled.report.memory_bytes - truth) <= ratio * sampled.report.memory_bytes
    assert held >= LEAST * SEEDS * SAMPLES


def test_few_large_keys_among_many_small_ones_are_all_asked() -> None:
    keys = {b"big:%d" % number: Key(b"string", -1, 100 + number % 7) for number in range(6000)}
    keys |= {b"rare:%c:x" % (97 + number): Key(b"string", -1, 5000) for number in range(20)}
    sampled = survey(keys, SamplePlan(200, use_up=True), 3)
    rare = [one for one in sampled.patterns if one.pattern.startswith("rare")]
    assert sum(one.keys for one in rare) == 20
    assert {one.memory_error_ratio for one in rare} == {0}
