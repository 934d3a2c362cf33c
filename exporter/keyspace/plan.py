"""The plan sets the ratio of each group's keys to ask about."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Final

from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.keyspace.facts import KeyFacts
from exporter.keyspace.interval import Dispersion, typical_shape
from exporter.keyspace.nodes import PILOT, KeyGroup
from exporter.keyspace.speed import Speed

# What a key costs the server that is asked for type, TTL and memory, until it is known.
_SECONDS_PER_KEY: Final = 2.5e-6
# Of the keys of a large database so many are asked about at most, unless told otherwise.
_SAMPLE_SHARE: Final = 0.06
# A pass should be over well before the next one is due.
_PART_OF_INTERVAL: Final = 0.75
_SAMPLE_LEAST: Final = 20_000
_LEAST: Final = 300
# The 95 % error aimed at for the memory of a pattern that holds 1 % of it all or more, and the loosest one.
_ERROR: Final = 0.018
_LOOSEST_ERROR: Final = 0.2
_SHARE: Final = 0.01
_LEAST_RATE: Final = 1e-5


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """How many keys of a database may be asked about.

    `most`: in all, at most this many; `use_up`: rather all of them than just what the errors ask for.
    """

    most: float
    use_up: bool = False

    def assign(self, groups: Iterable[KeyGroup], growth: float) -> None:
        """Give each group its rate; `growth` is how many times the keys seen so far there will be."""
        known = [(group, group.facts) for group in groups if isinstance(group.facts, KeyFacts)]
        known = [(group, facts) for group, facts in known if facts.memory.count >= PILOT]
        memory = sum(facts.memory.mean * group.keys for group, facts in known)
        # What is skewed elsewhere may be so here, where only few values are known.
        typical = typical_shape(facts.memory.shape for _, facts in known)
        wanted = [(group, _wanted(group, facts, growth, memory, typical)) for group, facts in known]
        total = sum(number for _, number in wanted)
        factor = self.most / total if total and (self.use_up or total > self.most) else 1.0
        for group, number in wanted:
            group.pilot = 0
            rate = number * factor / (group.keys * growth)
            group.rate = 1.0 if rate >= 1.0 else max(rate, _LEAST_RATE)


def _wanted(
    group: KeyGroup, facts: KeyFacts, growth: float, memory: float, typical: Dispersion | None
) -> float:
    """How many keys of a group must be asked about."""
    keys = group.keys * growth
    share = facts.memory.mean * group.keys / memory if memory else 0.0
    # A pattern that is a small part of the whole may be known less well.
    error = _ERROR * max(1.0, _SHARE / share) ** 0.5 if share else _LOOSEST_ERROR
    needed = max(_LEAST, facts.memory.needed(min(error, _LOOSEST_ERROR), typical))
    # Drawing from a finite number of keys takes less (Cochran, "Sampling Techniques", 1977, 4.4).
    return needed / (1 + needed / keys) if keys else needed


def plan_sample(section: KeyspaceSection, keys: int, all_keys: int) -> SamplePlan | None:
    """Plan which keys of a database are asked about, None for all; `all_keys`: of all databases.

    As long as nothing is known about the server's speed; see `adapt`.
    """
    sample, share = section.sample, section.budget
    if isinstance(sample, int):
        return SamplePlan(sample * keys / all_keys, use_up=True) if sample < all_keys else None
    if not is_adaptive(section) or share is None:
        return None
    if all_keys * _SECONDS_PER_KEY / share <= seconds_to_take(section):
        return None
    return SamplePlan(max(_SAMPLE_LEAST, keys * _SAMPLE_SHARE))


def is_adaptive(section: KeyspaceSection) -> bool:
    """Whether it depends on the server's speed how many keys are asked about."""
    return section.sample == "auto" and section.budget is not None and section.interval is not None


def seconds_to_take(section: KeyspaceSection) -> float:
    """How long a pass should take at most; infinite without an interval."""
    return section.interval.seconds * _PART_OF_INTERVAL if section.interval is not None else inf


def adapt(speed: Speed, keys: int, keys_left: int, seconds_left: float) -> SamplePlan | None:
    """Plan which of a database's `keys` keys are asked about, None for all.

    So many that the `keys_left` that are still to be seen, there and in other databases, take no longer than
    `seconds_left`.
    """
    share = speed.share_within(keys_left, seconds_left)
    if share >= 1.0:
        return None
    return SamplePlan(max(min(_SAMPLE_LEAST, keys), keys * share))
