"""When a pass ends: what it asks about so that this is in time, and what it says where it is not."""

from random import Random

import pytest

from exporter.config.samplers.keyspace import KeyspaceSection, default_section
from exporter.keyspace.forecast import HOLD_UPS
from exporter.keyspace.plan import SamplePlan, adapt, is_adaptive, seconds_to_take
from exporter.keyspace.speed import Speed
from exporter.keyspace.summary import summarise
from tests.keyspace.imaginary import answer, make_keys, new_sample

SHARE = 0.01


def walk(speed: Speed, now: float, seen: float, asked: float, us_seen: float, us_asked: float) -> float:
    """A hundred steps of a server of this speed, under a budget of 1 %; returns when they are over."""
    for _ in range(100):
        busy = (seen * us_seen + asked * us_asked) / 1e6
        now += busy / SHARE
        speed.note(now, busy, round(seen), round(asked))
    return now


@pytest.mark.parametrize("us", [(0.6, 1.3), (2.0, 8.0), (3.0, 2.0)])
def test_a_pass_over_a_million_keys_fits_into_its_interval(us: tuple[float, float]) -> None:
    """However fast the server is: as soon as that is known, only so much is asked as there is time for."""
    speed, keys, section = Speed(), 1_000_000, KeyspaceSection()
    now, seen, share = 0.0, 0, 1.0
    while seen < keys:
        now = walk(speed, now, 200, 200 * share, *us)
        seen += 100 * 200
        plan = adapt(speed, keys, keys - seen, max(0.0, seconds_to_take(section) - now))
        share = 1.0 if plan is None else plan.most / keys
    assert section.interval is not None
    assert now <= section.interval.seconds
    # Nothing is left unasked for which there is time.
    if us == (0.6, 1.3):
        assert share == 1.0
    else:
        assert now >= 0.6 * section.interval.seconds


def test_where_seeing_alone_takes_too_long_few_are_asked() -> None:
    speed, keys = Speed(), 50_000_000
    now = walk(speed, 0.0, 200, 200, 0.6, 1.3)
    assert adapt(speed, keys, keys, 450.0 - now) == SamplePlan(20_000)
    # And it is told how long it takes.
    assert speed.seconds_for(keys) == pytest.approx(keys * 1.9e-6 / SHARE, rel=0.02)


def test_nothing_is_told_after_a_few_steps() -> None:
    speed = Speed()
    for step in range(10):
        speed.note(step * 1.0, 0.01, 200, 200)
    assert not speed.is_known
    assert speed.seconds_for(1000) == 0.0


def test_only_auto_under_a_budget_depends_on_the_speed() -> None:
    assert is_adaptive(default_section())
    assert not is_adaptive(default_section(sample="all"))
    assert not is_adaptive(default_section(sample=1000))
    assert not is_adaptive(default_section(budget="unlimited"))


def test_hold_ups_are_a_closed_set() -> None:
    assert HOLD_UPS == ("server", "strain", "slowness", "keys_per_second", "budget")


def test_a_pass_that_turns_to_a_sample_half_way_holds_the_truth() -> None:
    held = tried = 0
    for seed in range(60):
        random = Random(seed)
        keys = make_keys({"even": 3000, "skewed": 3000}, random)
        names = list(keys)
        random.shuffle(names)
        sample = new_sample(seed=seed, is_adaptive=True)
        sample.note_size(len(names))
        for start in range(0, len(names), 200):
            if start == 1000:
                sample.change_plan(SamplePlan(1200))
            batch = sample.select(b"0", names[start : start + 200])
            sample.commit(batch, answer(batch.request, keys, sample.refused))
            if sample.needs_tidying:
                sample.tidy()
        assert sample.asked < 3500
        summary = summarise(0, sample, sample.scanned, complete=True)
        for pattern in summary.patterns:
            family = pattern.pattern.removesuffix(":*").encode()
            truth = sum(key.memory for name, key in keys.items() if name.startswith(family))
            assert pattern.memory_bytes is not None
            assert pattern.memory_error_ratio is not None
            assert pattern.memory_error_ratio > 0
            held += abs(pattern.memory_bytes - truth) <= pattern.memory_error_ratio * pattern.memory_bytes
            tried += 1
    assert held >= 0.93 * tried


def test_a_giant_of_the_pass_before_is_not_taken_for_one_of_many() -> None:
    """Seen while all keys were asked, before the pass turned to a sample."""
    keys = make_keys({"even": 6000}, Random(1))
    giant = b"even:999999"
    keys = {giant: make_keys({"even": 1}, Random(2))[b"even:0"], **keys}
    keys[giant] = type(keys[giant])(b"hash", -1, 50_000_000)
    sample = new_sample(seed=1, is_adaptive=True, watched=frozenset([giant]))
    sample.note_size(len(keys))
    names = list(keys)
    for start in range(0, len(names), 200):
        if start == 600:
            sample.change_plan(SamplePlan(300))
        batch = sample.select(b"0", names[start : start + 200])
        sample.commit(batch, answer(batch.request, keys, sample.refused))
        if sample.needs_tidying:
            sample.tidy()
    (pattern,) = summarise(0, sample, sample.scanned, complete=True).patterns
    assert pattern.memory_bytes == pytest.approx(sum(key.memory for key in keys.values()), rel=0.002)
