"""The pool combines the samples of many groups, for each of them and for their sum."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import hypot, inf
from typing import Any, Final

from exporter.keyspace.estimation import Moments
from exporter.keyspace.facts import KeyFacts
from exporter.keyspace.interval import LEAST_IN_SUMS, NOTHING, Dispersion, Estimate, typical_shape
from exporter.keyspace.nodes import PILOT

# Of more keys than this share of all, the largest value seen elsewhere tells nothing.
_MAX_UNKNOWN_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class GroupSample:
    """The values of a group's keys that were asked about, and how many keys it has."""

    keys: int
    memory: Moments
    untimed: Moments

    @classmethod
    def of(cls, keys: int, facts: KeyFacts) -> "GroupSample":
        """That of a group."""
        return cls(keys, facts.memory, facts.untimed)

    def to_json(self) -> list[Any]:
        """For `from_json`."""
        return [self.keys, self.memory.to_list(), self.untimed.to_list()]

    @classmethod
    def from_json(cls, saved: list[Any]) -> "GroupSample":
        """Raises `TypeError` or `ValueError` where this is not what `to_json` has returned."""
        keys, memory, untimed = saved
        return cls(int(keys), Moments.from_list(memory), Moments.from_list(untimed))


class Pool:
    """All samples of a database.

    A group with few values borrows from it how values are spread; groups with too few to say anything are
    estimated as one, by the chances with which their keys were drawn.
    """

    def __init__(self, samples: Iterable[GroupSample]) -> None:
        self._samples = list(samples)

    @cached_property
    def typical(self) -> Dispersion | None:
        """How the memory of keys is spread within a group, as a rule; else how it is spread in all."""
        known = [one.memory for one in self._samples if one.memory.n >= PILOT]
        return typical_shape(moments.shape for moments in known or [self._whole.memory] if moments.n >= PILOT)

    @cached_property
    def _whole(self) -> GroupSample:
        return _merge(self._samples)

    def memory(self, sample: GroupSample) -> Estimate:
        """The memory of a group."""
        return sample.memory.total(sample.keys, self.typical)

    def total_memory(self, samples: Iterable[GroupSample] | None = None) -> Estimate:
        """The memory of some groups together; without them of all."""
        listed = self._samples if samples is None else list(samples)
        estimates = [one.memory.total(one.keys, self.typical, least=LEAST_IN_SUMS) for one in listed]
        clear, unclear = _part(listed, estimates)
        if unclear is not None:
            memory = unclear.memory
            estimate = memory.total(unclear.keys, self.typical, least=LEAST_IN_SUMS)
            if estimate.half_width == inf:
                whole = self._whole.memory
                # Other groups tell nothing about keys of which not even one like them was asked.
                most = _MAX_UNKNOWN_SHARE * sum(one.keys for one in listed) if memory.n else 0.0
                estimate = _guess(memory, unclear.keys, whole, whole.maximum, most)
            clear.append(estimate)
        return add_estimates(*clear)

    def total_untimed(self, samples: Iterable[GroupSample]) -> Estimate:
        """The number of keys without a TTL of some groups together."""
        listed = list(samples)
        clear, unclear = _part(listed, [one.untimed.share_total(one.keys) for one in listed])
        if unclear is not None:
            estimate = unclear.untimed.share_total(unclear.keys)
            if estimate.half_width == inf:
                estimate = _guess(unclear.untimed, unclear.keys, self._whole.untimed, 1.0, inf)
            clear.append(estimate)
        return add_estimates(*clear)


def _part(samples: list[GroupSample], estimates: list[Estimate]) -> tuple[list[Estimate], GroupSample | None]:
    """The estimates that say how far they are off, and the groups of the others as one.

    Few keys are all known, or not at all, by the chance of the draw: the known ones stand for the others.
    """
    if all(estimate.half_width < inf for estimate in estimates):
        return estimates, None
    clear, unclear = [], []
    for sample, estimate in zip(samples, estimates, strict=True):
        if estimate.half_width == inf or sample.keys < LEAST_IN_SUMS:
            unclear.append(sample)
        else:
            clear.append(estimate)
    return clear, _merge(unclear)


def _guess(moments: Moments, keys: int, whole: Moments, largest: float, most: float) -> Estimate:
    """The sum over groups of which next to nothing was asked: each key may have any value up to the largest.

    Where that is about more than `most` keys, nobody knows how far it is off.
    """
    if not whole.count:
        return NOTHING
    known, rest = moments.known(keys)
    mean = moments.mean if moments.n else whole.picture.mean
    return Estimate(known + rest * mean, rest * largest if rest <= most else inf)


def _merge(samples: Iterable[GroupSample]) -> GroupSample:
    keys, memory, untimed = 0, Moments(), Moments()
    for sample in samples:
        memory.merge(sample.memory, keys, sample.keys)
        untimed.merge(sample.untimed, keys, sample.keys)
        keys += sample.keys
    return GroupSample(keys, memory, untimed)


def add_estimates(*estimates: Estimate) -> Estimate:
    """The sum of independent estimates."""
    return Estimate(
        sum(estimate.value for estimate in estimates), hypot(*(estimate.half_width for estimate in estimates))
    )
