"""Too little memory: what nobody selectors goes first, then the oldest of the rest."""

import itertools
from collections.abc import Iterator

from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.model.series import ReadableSeries
from exporter.store import MemoryLimiter, RequiredSelector, Store

REQUIRED = Family("required", Kind.GAUGE, "A rule reads it.")
OTHER = Family("other", Kind.GAUGE, "No rule does.", ("k",))
MINUTE_MS = 60_000
RETENTION_MS = 6 * 60 * MINUTE_MS
LAYOUT = Layout(
    [Point(REQUIRED, "", Labels()), *(Point(OTHER, "", Labels({"k": str(number)})) for number in range(20))]
)


def select(store: Store, name: str) -> ReadableSeries:
    return store.select([Matcher(METRIC_NAME, MatchOp.EQUAL, name)])[0]


def history_ms(store: Store, name: str, now: int) -> int:
    times, _ = select(store, name).window(0, now)
    return now - times[0]


def write(store: Store, limiter: MemoryLimiter, minutes: int, *, moving: int) -> int:
    """A row every 15 s, with `moving` series that change in each; the moment of the last one."""
    now = 0
    numbers: Iterator[int] = itertools.count()
    for now in range(MINUTE_MS, minutes * MINUTE_MS, 15_000):
        moved = [float(next(numbers)) for _ in range(moving)]
        store.append(Sample("target", now, LAYOUT, [*moved, *[0.0] * (len(LAYOUT) - moving)]))
        if now % MINUTE_MS == 0:
            for _ in limiter.enforce(now):
                pass
    return now


def limited(limit_bytes: int, range_ms: int) -> tuple[Store, MemoryLimiter]:
    store = Store(retention_ms=RETENTION_MS)
    store.set_required([RequiredSelector((Matcher(METRIC_NAME, MatchOp.EQUAL, "required"),), range_ms)])
    return store, MemoryLimiter(store, limit_bytes)


def test_with_room_everything_stays() -> None:
    store, limiter = limited(10 << 20, 60 * MINUTE_MS)
    now = write(store, limiter, 300, moving=21)
    assert limiter.evicted_samples == 0
    assert history_ms(store, "other", now) == now - MINUTE_MS


def test_what_nobody_needs_goes_first() -> None:
    store, limiter = limited(150_000, 120 * MINUTE_MS)
    now = write(store, limiter, 300, moving=21)
    assert store.bytes <= limiter.limit_bytes
    assert limiter.evicted_samples > 0
    assert history_ms(store, "required", now) >= 120 * MINUTE_MS
    assert 5 * MINUTE_MS <= history_ms(store, "other", now) < 120 * MINUTE_MS
    # What is left reads as it was written.
    times, values = select(store, "required").window(now - 120 * MINUTE_MS, now)
    assert list(values) == [(stamp - MINUTE_MS) / 15_000 * 21 for stamp in times]


def test_in_the_end_the_oldest_of_everything_goes_but_for_the_lookback() -> None:
    store, limiter = limited(20_000, RETENTION_MS)
    now = write(store, limiter, 300, moving=21)
    assert limiter.required_retention_ms < RETENTION_MS
    assert 5 * MINUTE_MS <= history_ms(store, "required", now) < 60 * MINUTE_MS


def test_history_grows_again_when_there_is_room() -> None:
    store, limiter = limited(150_000, 10 * MINUTE_MS)
    write(store, limiter, 300, moving=21)
    assert limiter.other_retention_ms < RETENTION_MS
    limiter.limit_bytes = 10 << 20
    for _ in range(100):
        for _ in limiter.enforce(300 * MINUTE_MS):
            pass
    assert limiter.other_retention_ms == RETENTION_MS
