"""Phases of targets and of groups of rules."""

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.model.fnv import fnv1a_64
from exporter.timing.schedule import Schedule
from exporter.timing.spread import offset, offset_ms, spread_interval

NOW = 1_700_000_000.123


def first_slot(name: str, interval: float, now: float, spread: float, *, isolated: bool = False) -> float:
    """When a target of this name is first due."""
    return Schedule(interval, offset(name, interval, spread, isolated=isolated), now).due


@pytest.mark.parametrize("interval", [1.0, 15.0, 30.0, 300.0])
def test_slots_of_a_target_meet(interval: float) -> None:
    shortest = 15.0 if interval > 1 else 1.0
    base = first_slot("cache-1", shortest, NOW, 1.0)
    slot = first_slot("cache-1", interval, NOW, 1.0)

    assert NOW < slot <= NOW + interval
    assert (slot - base) / shortest == pytest.approx(round((slot - base) / shortest), abs=1e-6)
    isolated = first_slot("cache-1", interval, NOW, 1.0, isolated=True)
    assert 0.005 < (slot - isolated) % interval < 0.1


@pytest.mark.parametrize("targets", [1, 40, 100, 1000])
def test_slots_of_targets_are_spread(targets: int) -> None:
    spread = spread_interval(targets, 15.0)
    slots = sorted(first_slot(f"cache-{index}", 15.0, 0.0, spread) for index in range(targets))
    busiest = max(sum(start <= slot < start + 3 for slot in slots) for start in range(13))

    assert busiest <= 2 * targets / 5 + 5


def test_about_twenty_five_targets_share_a_moment() -> None:
    spread = spread_interval(100, 15.0)
    slots = [first_slot(f"cache-{index}", 15.0, 0.0, spread) for index in range(100)]
    moments = {round(slot, 3) % 15 for slot in slots}

    assert len(moments) == 4
    assert spread_interval(0, 15.0) == spread_interval(1, 15.0) == 5.0
    assert spread_interval(100_000, 15.0) == 0.25


@given(st.text(), st.sampled_from([0.5, 1.0, 15.0, 60.0, 300.0]), st.floats(0.25, 5), st.booleans())
def test_the_phase_of_a_target_is_that_of_release_0_1(
    name: str, interval: float, spread: float, isolated: bool
) -> None:
    step = min(spread, interval / 3)
    slots = round(3600 / step)
    digest = zlib.crc32(name.encode())
    phase = digest % slots * step - (0.01 + digest // slots % 40 * 0.001) * isolated

    assert offset(name, interval, spread, isolated=isolated) == phase


def test_groups_have_phases_of_their_own_that_do_not_change() -> None:
    names = [f"rules.yml;group-{number}" for number in range(100)]
    phases = [offset_ms(name, 60_000) for name in names]

    assert phases == [offset_ms(name, 60_000) for name in names]
    assert len(set(phases)) > 90
    assert sum(phase < 30_000 for phase in phases) in range(30, 71)


@pytest.mark.parametrize(
    ("data", "digest"),
    [(b"", 0xCBF29CE484222325), (b"a", 0xAF63DC4C8601EC8C), (b"foobar", 0x85944171F73967E8)],
)
def test_fnv_agrees_with_the_vectors_of_its_draft(data: bytes, digest: int) -> None:
    assert fnv1a_64(data) == digest
    assert offset_ms(data.decode(), 60_000) == (digest >> 16) % 60_000


@given(st.text(max_size=30), st.integers(1, 3_600_000))
@example("rules.yml;group", 1)
def test_the_phase_of_a_group_lies_within_its_interval(name: str, interval: int) -> None:
    assert offset_ms(name, interval) in range(interval)
