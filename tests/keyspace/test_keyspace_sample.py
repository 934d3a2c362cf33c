"""What a sample counts, asks and estimates, over a keyspace that is made up."""

import json
from random import Random

import pytest

from exporter.errors import Reason, ReplyError
from exporter.keyspace.keyspace_sample import KeyspaceSample
from exporter.keyspace.plan import SamplePlan
from exporter.keyspace.progress import dump_sample, restore_sample
from exporter.keyspace.summary import DatabaseSummary, summarise
from tests.keyspace.imaginary import Key, answer, fill_sample, make_keys, new_sample

RUNS, LEAST = 200, 0.93


def conclude(sample: KeyspaceSample) -> DatabaseSummary:
    return summarise(0, sample, sample.scanned, complete=True)


def truth(keys: dict[bytes, Key], family: str) -> tuple[int, int, int]:
    """Number, memory and number without TTL of a family's keys."""
    own = [key for name, key in keys.items() if name.startswith(family.encode() + b":")]
    return len(own), sum(key.memory for key in own), sum(key.ttl == -1 for key in own)


def test_a_sample_of_all_keys_is_exact() -> None:
    keys = make_keys({"even": 700, "skewed": 300}, Random(1))
    sample = new_sample()
    fill_sample(sample, keys, Random(2))
    summary = conclude(sample)
    for pattern in summary.patterns:
        family = pattern.pattern.removesuffix(":*")
        assert (pattern.keys, pattern.memory_bytes, pattern.keys_without_ttl) == truth(keys, family)
        assert (
            pattern.memory_error_ratio
            == pattern.keys_without_ttl_error_ratio
            == pattern.keys_error_ratio
            == 0
        )
        assert pattern.types == {"string": pattern.keys}
    assert {pattern.pattern for pattern in summary.patterns} == {"even:*", "skewed:*"}
    assert summary.report.memory_bytes == sum(key.memory for key in keys.values())
    assert summary.report.name_bytes == sum(map(len, keys))
    assert summary.report.ttl_seconds.count == sum(key.ttl >= 0 for key in keys.values())
    assert summary.report.ttl_seconds.sum == pytest.approx(
        sum(key.ttl / 1000 for key in keys.values() if key.ttl >= 0)
    )
    assert summary.report.idle_seconds is not None
    assert summary.report.idle_seconds.count == pytest.approx(1000, abs=1)
    assert sum(summary.types[0].encodings.values()) == pytest.approx(1000, abs=1)


def test_every_look_up_is_counted() -> None:
    keys = make_keys({"even": 500}, Random(1))
    sample = new_sample(extra_keys=1e9)
    batch = sample.select(b"0", [*keys, *(b"gone:%d" % number for number in range(20))])
    sample.commit(batch, answer(batch.request, keys, sample.refused))
    # TYPE, PTTL, OBJECT ENCODING and OBJECT IDLETIME count; SCAN and MEMORY USAGE do not.
    assert (sample._lookups.hits, sample._lookups.misses) == (4 * 500, 4 * 20)
    summary = conclude(sample)
    assert next(one for one in summary.patterns if one.pattern == "even:*").types == {"string": 500}


def test_patterns_of_one_per_cent_are_within_three() -> None:
    counts = {f"even{letter}": 20_000 for letter in "ab"} | {f"skewed{letter}": 15_000 for letter in "ab"}
    keys = make_keys({**counts, "evenc": 5000}, Random(5))
    sample = new_sample(SamplePlan(len(keys) * 0.3), seed=3)
    fill_sample(sample, keys, Random(6))
    assert sample.asked < len(keys) * 0.32
    total = sum(key.memory for key in keys.values())
    for pattern in conclude(sample).patterns:
        _, memory, _ = truth(keys, pattern.pattern.removesuffix(":*"))
        assert memory > 0.01 * total
        assert pattern.memory_bytes == pytest.approx(memory, rel=0.03)
        assert pattern.memory_error_ratio is not None
        assert 0 < pattern.memory_error_ratio < 0.04


def test_the_sample_grows_where_the_uncertainty_is() -> None:
    keys = make_keys({"even": 20_000, "heavy": 20_000}, Random(1))
    sample = new_sample(SamplePlan(20_000), seed=1)
    fill_sample(sample, keys, Random(2))
    asked = {name: group.facts.memory.count for name, group in sample.miner.finalize().items()}
    assert asked["even:*"] < 2000
    assert asked["heavy:*"] > 4 * asked["even:*"]


def test_intervals_hold_the_truth_in_whole_samples() -> None:
    hits = {"memory": 0, "without TTL": 0}
    tries = 0
    for seed in range(RUNS):
        random = Random(seed)
        keys = make_keys({"even": 1500, "skewed": 1500, "heavy": 1500}, random)
        sample = new_sample(SamplePlan(1500, use_up=True), seed=seed)
        fill_sample(sample, keys, random, batch=250)
        for pattern in conclude(sample).patterns:
            _, memory, untimed = truth(keys, pattern.pattern.removesuffix(":*"))
            assert pattern.memory_bytes is not None
            assert pattern.memory_error_ratio is not None
            assert pattern.keys_without_ttl is not None
            assert pattern.keys_without_ttl_error_ratio is not None
            width = pattern.memory_error_ratio * pattern.memory_bytes
            hits["memory"] += abs(pattern.memory_bytes - memory) <= width + 1
            width = pattern.keys_without_ttl_error_ratio * pattern.keys_without_ttl
            hits["without TTL"] += abs(pattern.keys_without_ttl - untimed) <= width + 1
            tries += 1
    assert all(hit >= LEAST * tries for hit in hits.values()), hits


def test_watched_keys_are_asked_in_any_case() -> None:
    keys = make_keys({"even": 20_000}, Random(1))
    giant = b"even:777777"
    keys[giant] = Key(b"hash", -1, 50_000_000)
    sample = new_sample(SamplePlan(500), watched=frozenset([giant]), seed=1)
    fill_sample(sample, keys, Random(1))
    summary = conclude(sample)
    assert summary.biggest[giant].memory == 50_000_000
    (pattern,) = summary.patterns
    assert pattern.memory_bytes == pytest.approx(truth(keys, "even")[1], rel=0.01)


def test_repeated_keys_count_once() -> None:
    keys = make_keys({"even": 30}, Random(1))
    names = list(keys)
    sample = new_sample()
    for part in (names[:10], names[5:20], [*names[15:], names[20]], names[18:25]):
        batch = sample.select(b"0", part)
        sample.commit(batch, answer(batch.request, keys, sample.refused))
    assert (sample.scanned, sample.duplicates) == (30, 5 + 6 + 7)
    assert conclude(sample).patterns[0].memory_bytes == truth(keys, "even")[1]


def test_a_refused_command_costs_its_own_facts_only() -> None:
    keys = make_keys({"even": 600}, Random(1))
    sample = new_sample()
    names = list(keys)
    for start in (0, 300):
        batch = sample.select(b"0", names[start : start + 300])
        replies = list(answer(batch.request, keys, sample.refused))
        if start == 0:
            replies[600:900] = [ReplyError(Reason.PERMISSION, "NOPERM") for _ in range(300)]
        sample.commit(batch, replies)
    assert sample.refused.reasons == {"MEMORY USAGE": Reason.PERMISSION}
    (pattern,) = conclude(sample).patterns
    assert (pattern.keys, pattern.memory_bytes, pattern.memory_error_ratio) == (600, None, None)
    assert pattern.keys_without_ttl == truth(keys, "even")[2]


def test_lengths_are_asked_of_what_is_big_anyway() -> None:
    keys = {
        b"h:1": Key(b"hash", -1, 100_000),
        b"h:2": Key(b"hash", -1, 20_000),
        b"h:3": Key(b"hash", -1, 100),
        b"s:1": Key(b"string", -1, 5 << 20),
    }
    for no_touch, expected in ((False, {b"h:1"}), (True, {b"h:1", b"h:2"})):
        sample = new_sample(no_touch=no_touch, extra_keys=0)
        batch = sample.select(b"0", list(keys))
        candidates = sample.commit(batch, answer(batch.request, keys, sample.refused))
        assert {candidate.name for candidate in candidates} == expected
        sample.add_lengths([(candidate, 5000) for candidate in candidates])
        assert sample.big_keys == {"hash": len(expected), "string": 1}
        rest = {candidate.name for candidate in sample.unmeasured()}
        assert rest == {b"s:1"}


def test_lengths_are_asked_of_a_small_share_only() -> None:
    keys = {b"h:%d" % number: Key(b"hash", -1, 100_000 + number) for number in range(3000)}
    sample = new_sample()
    batch = sample.select(b"0", list(keys))
    candidates = sample.commit(batch, answer(batch.request, keys, sample.refused))
    assert len(candidates) == 1000 + 150
    assert min(candidate.memory for candidate in candidates) > 101_000


def test_the_biggest_by_length_and_by_memory() -> None:
    sample = new_sample(no_touch=True)
    keys = {b"l:%d" % number: Key(b"list", -1, 10_000 + number) for number in range(50)}
    batch = sample.select(b"0", list(keys))
    candidates = sample.commit(batch, answer(batch.request, keys, sample.refused))
    sample.add_lengths([(one, 20_000 - one.memory) for one in candidates])
    biggest = conclude(sample).biggest
    by_memory = {name for name, key in biggest.items() if key.memory is not None}
    by_length = {name for name, key in biggest.items() if key.length is not None}
    assert by_memory == {b"l:%d" % number for number in range(45, 50)}
    assert by_length == {b"l:%d" % number for number in range(5)}


@pytest.mark.parametrize("plan", [None, SamplePlan(300, use_up=True)])
def test_a_sample_goes_on_after_a_restart(plan: SamplePlan | None) -> None:
    keys = make_keys({"even": 2000, "skewed": 1000}, Random(1))
    first = new_sample(plan, patterns=["skewed:{id}"])
    names = list(keys)
    Random(3).shuffle(names)
    half = dict.fromkeys(names[:1500])
    fill_sample(first, {name: keys[name] for name in half}, Random(1))
    saved = json.loads(json.dumps(dump_sample(first)))
    second = new_sample(plan, patterns=["skewed:{id}"])
    restore_sample(second, saved)
    fill_sample(second, {name: keys[name] for name in names[1500:]}, Random(1))
    patterns = {pattern.pattern: pattern for pattern in conclude(second).patterns}
    assert {name: pattern.keys for name, pattern in patterns.items()} == {"even:*": 2000, "skewed:{id}": 1000}
    if plan is None:
        assert patterns["even:*"].memory_bytes == truth(keys, "even")[1]
        assert patterns["even:*"].memory_error_ratio == 0
