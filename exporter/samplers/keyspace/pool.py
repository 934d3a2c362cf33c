"""What the samples of many groups tell together: of one another, and of their sum."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import hypot, inf
from typing import Any

from exporter.samplers.keyspace.estimation import Moments
from exporter.samplers.keyspace.facts import Facts
from exporter.samplers.keyspace.interval import LEAST_IN_SUMS, Estimate, Shape, typical_shape
from exporter.samplers.keyspace.nodes import PILOT


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of a group's keys that were asked about, and how many keys it has."""

    keys: int
    memory: Moments
    untimed: Moments

    @classmethod
    def of(cls, keys: int, facts: Facts) -> "Sample":
        """That of a group."""
        return cls(keys, facts.memory, facts.untimed)

    def to_json(self) -> list[Any]:
        """For `from_json`."""
        return [self.keys, self.memory.to_list(), self.untimed.to_list()]

    @classmethod
    def from_json(cls, saved: list[Any]) -> "Sample":
        """Raises `TypeError` or `ValueError` where this is not what `to_json` has returned."""
        keys, memory, untimed = saved
        return cls(int(keys), Moments.from_list(memory), Moments.from_list(untimed))


class Pool:
    """All samples of a database.

    A group with few values borrows from it how values are spread; groups with too few to say anything are
    estimated as one, by the chances with which their keys were drawn.
    """

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = list(samples)

    @cached_property
    def typical(self) -> Shape | None:
        """How the memory of keys is spread within a group, as a rule; else how it is spread in all."""
        known = [one.memory for one in self._samples if one.memory.n >= PILOT]
        return typical_shape(moments.shape for moments in known or [self._whole.memory] if moments.n >= PILOT)

    @cached_property
    def _whole(self) -> Sample:
        return _merge(self._samples)

    def memory(self, sample: Sample) -> Estimate:
        """The memory of a group."""
        return sample.memory.total(sample.keys, self.typical)

    def total_memory(self, samples: Iterable[Sample] | None = None) -> Estimate:
        """The memory of some groups together; without them of all."""
        estimates, unclear = [], []
        for sample in self._samples if samples is None else samples:
            estimate = sample.memory.total(sample.keys, self.typical, least=LEAST_IN_SUMS)
            if estimate.half_width < inf:
                estimates.append(estimate)
            else:
                unclear.append(sample)
        if unclear:
            one = _merge(unclear)
            others = self._whole.memory.picture
            estimates.append(one.memory.total(one.keys, self.typical, others=others))
        return add_estimates(*estimates)

    def total_untimed(self, samples: Iterable[Sample]) -> Estimate:
        """The number of keys without a TTL of some groups together."""
        estimates, unclear = [], []
        for sample in samples:
            estimate = sample.untimed.share_total(sample.keys)
            if estimate.half_width < inf:
                estimates.append(estimate)
            else:
                unclear.append(sample)
        if unclear:
            one = _merge(unclear)
            estimates.append(one.untimed.share_total(one.keys, self._whole.untimed.picture))
        return add_estimates(*estimates)


def _merge(samples: Iterable[Sample]) -> Sample:
    keys, memory, untimed = 0, Moments(), Moments()
    for sample in samples:
        memory.merge(sample.memory, keys, sample.keys)
        untimed.merge(sample.untimed, keys, sample.keys)
        keys += sample.keys
    return Sample(keys, memory, untimed)


def add_estimates(*estimates: Estimate) -> Estimate:
    """The sum of independent estimates."""
    return Estimate(
        sum(estimate.value for estimate in estimates), hypot(*(estimate.half_width for estimate in estimates))
    )
