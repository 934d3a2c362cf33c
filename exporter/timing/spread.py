"""Phases of periodic work, by a hash of its name: spread evenly, and the same after a restart."""

import zlib
from typing import Final

from exporter.model.fnv import fnv1a_64

# Phases of targets are spread over this span.
_CYCLE_SECONDS: Final = 3600.0
_LEAST_SLOTS: Final = 3
# How many targets share a moment, and the distances of these moments within which that is aimed at.
_TARGETS_PER_MOMENT: Final = 25
_FINEST_SECONDS: Final = 0.25
_COARSEST_SECONDS: Final = 5.0
# What is isolated runs 10 ms before the others, so that CPU caches are still warm, which after a pause they
# are not. The targets that share a moment take 1 ms steps, or the work for one would delay the next.
_ISOLATION_SECONDS: Final = 0.01
_ISOLATION_STEP_SECONDS: Final = 0.001
_ISOLATION_STEPS: Final = 40


def spread_interval(targets: int, interval_seconds: float) -> float:
    """The distance in seconds of the moments at which so many targets are sampled, each at this interval.

    Waking up costs as much as sampling a target does, so that about 25 share a moment; but one moment must
    not keep the event loop from other work for long.
    """
    wanted = interval_seconds * _TARGETS_PER_MOMENT / max(targets, 1)
    wanted = min(max(wanted, _FINEST_SECONDS), _COARSEST_SECONDS)
    # Only moments that divide the interval come back to the same place in the next one.
    return interval_seconds / max(1, round(interval_seconds / wanted))


def offset(name: str, interval_seconds: float, spread_seconds: float, *, isolated: bool = False) -> float:
    """The phase of a target's slots in seconds, like `Target.offset` of Prometheus' scrape/target.go.

    Phases are multiples of `spread_seconds`, or of less where the interval is short. Slots of one name whose
    intervals divide each other coincide; `isolated` ones meet none of the others.
    """
    step = min(spread_seconds, interval_seconds / _LEAST_SLOTS)
    slots = round(_CYCLE_SECONDS / step)
    digest = zlib.crc32(name.encode())
    phase = digest % slots * step
    if isolated:
        phase -= _ISOLATION_SECONDS + digest // slots % _ISOLATION_STEPS * _ISOLATION_STEP_SECONDS
    return phase


def offset_ms(name: str, interval_ms: int) -> int:
    """The phase of slots by the FNV-1a hash of a name, in 0 … `interval_ms` - 1."""
    # The upper bits of FNV-1a are the better mixed ones.
    return (fnv1a_64(name.encode()) >> 16) % interval_ms
