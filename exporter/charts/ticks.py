"""Round places on the axes."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

_STEPS: Final = (1, 2, 2.5, 5, 10)
_TINY: Final = 1e-280
_FIRST_DECADE, _LAST_DECADE = -290, 302
_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
DAY_MS: Final = 24 * _HOUR
_TIME_STEPS: Final = (
    *(1_000, 2_000, 5_000, 10_000, 15_000, 30_000),
    *(one * _MINUTE for one in (1, 2, 5, 10, 15, 30)),
    *(one * _HOUR for one in (1, 2, 3, 4, 6, 12)),
    *(one * DAY_MS for one in (1, 2, 5, 7, 14, 30, 60, 120)),
)


def linear_ticks(
    low: float, high: float, *, binary: bool = False, is_whole: bool = False, wanted: int = 4
) -> Sequence[float]:
    """Return two and more round values, from `low` or just below to `high` or just below.

    Bytes are `binary`, in powers of 1,024; between values that are whole there are no others.
    """
    if not high - low > max(abs(low), abs(high), _TINY) * 1e-12:
        high = low + (abs(low) if abs(low) > _TINY else 1)
    raw = (high - low) / wanted
    base = 2.0 ** (10 * math.floor(math.log2(raw) / 10)) if binary and raw >= 1 else 1.0
    power = 10.0 ** math.floor(math.log10(raw / base))
    step = next(one for one in _STEPS if raw / base <= one * power * 1.0001) * power * base
    if is_whole:
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def decades(low: float, high: float) -> Sequence[float]:
    """Return the powers of ten around values that are greater than 0; at least two."""
    first = max(_FIRST_DECADE, math.floor(math.log10(low) + 1e-9))
    last = min(_LAST_DECADE, max(first + 1, math.ceil(math.log10(high) - 1e-9)))
    every = math.ceil((last - first) / 6)
    return [10.0**exponent for exponent in range(first, last + every, every)]


def time_ticks(start_ms: int, end_ms: int, wanted: int) -> Iterator[tuple[int, str]]:
    """Yield round moments, in UTC, and their texts: `HH:MM`, from two days on `Mon 14`.

    At midnight the date stands instead of the time.
    """
    span = end_ms - start_ms
    step = next((one for one in _TIME_STEPS if span / one <= wanted), 365 * DAY_MS)
    at = -(-start_ms // step) * step
    while at <= end_ms:
        yield at, _text(at, step, span)
        at += step


def _text(at_ms: int, step_ms: int, span_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    if step_ms >= DAY_MS:
        return f"{moment:%-d %b}" if span_ms > 20 * DAY_MS else f"{moment:%a %-d}"
    if at_ms % DAY_MS == 0:
        return f"{moment:%a %-d}"
    return f"{moment:%H:%M:%S}" if step_ms < _MINUTE else f"{moment:%H:%M}"
