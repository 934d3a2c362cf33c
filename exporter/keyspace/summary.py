"""The summary makes a report of what a sample has counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from exporter.keyspace.distribution import FREQUENCY_BOUNDS, Distribution
from exporter.keyspace.facts import KeyFacts
from exporter.keyspace.history import TrackedKey
from exporter.keyspace.interval import Estimate, error_ratio, estimate_of
from exporter.keyspace.keyspace_sample import KeyspaceSample
from exporter.keyspace.pool import GroupSample, Pool, add_estimates
from exporter.keyspace.report import DatabaseReport, KeyPatternReport, Spread, TypeReport
from exporter.model.keyname import shorten_pattern


@dataclass(slots=True)
class DatabaseSummary:
    """One database with all its patterns; `template` is for the next pass (see `PatternMiner.load`).

    `samples` are those of the patterns, none where every key was asked.
    """

    report: DatabaseReport
    patterns: list[KeyPatternReport]
    types: list[TypeReport]
    biggest: dict[bytes, TrackedKey]
    template: Any
    samples: dict[str, GroupSample] = field(default_factory=dict)


def summarise(database: int, sample: KeyspaceSample, size: int, *, complete: bool) -> DatabaseSummary:
    """The end of a sample; `size` is what DBSIZE says now. Nothing can be added to the sample afterwards."""
    label = f"db{database}"
    whole = _Whole()
    groups = {
        shorten_pattern(name): (group.keys, group.facts if isinstance(group.facts, KeyFacts) else KeyFacts())
        for name, group in sample.miner.finalize().items()
    }
    samples = {name: GroupSample.of(keys, facts) for name, (keys, facts) in groups.items()}
    pool = Pool(samples.values())
    memory = pool.total_memory()
    patterns = []
    for name, (keys, facts) in groups.items():
        patterns.append(_pattern(label, name, keys, facts, pool, complete=complete))
        whole.add(keys, facts)
    report = DatabaseReport(
        database=label,
        keys=sample.scanned,
        size=size,
        asked=sample.asked,
        duplicates=sample.duplicates,
        name_bytes=sample.name_bytes,
        memory_bytes=memory.rounded,
        memory_error_ratio=error_ratio(memory),
        ttl_seconds=spread(whole.ttl),
        idle_seconds=spread(whole.idle) if whole.idle.total else None,
        access_frequency=spread(whole.frequency) if whole.frequency.total else None,
    )
    types = whole.types(label, sample.big_keys)
    if not sample.is_sampled:
        samples = {}
    return DatabaseSummary(report, patterns, types, _biggest(sample), sample.miner.template(), samples)


def _pattern(
    database: str, name: str, keys: int, facts: KeyFacts, pool: Pool, *, complete: bool
) -> KeyPatternReport:
    memory, untimed = pool.memory(GroupSample.of(keys, facts)), facts.untimed.share_total(keys)
    factor = _factor(keys, facts)
    lengths = facts.lengths
    return KeyPatternReport(
        database=database,
        pattern=name,
        keys=keys,
        # Every name was seen; of a pass that was cut short one cannot say what it has missed.
        keys_error_ratio=0.0 if complete else None,
        memory_bytes=memory.rounded,
        memory_error_ratio=error_ratio(memory),
        mean_bytes=memory.mean(keys),
        max_bytes=round(facts.memory.maximum) if facts.memory.count else None,
        keys_without_ttl=untimed.rounded,
        keys_without_ttl_error_ratio=error_ratio(untimed),
        types={kind: round(weight * factor) for kind, (weight, _) in facts.types.items()},
        ttl_seconds=spread(facts.ttl, factor),
        idle_seconds=spread(facts.idle, _scale(keys, facts.idle)) if facts.idle is not None else None,
        mean_length=lengths.mean if lengths is not None else None,
        max_length=round(lengths.maximum) if lengths is not None else None,
    )


class _Whole:
    """All groups of a database together, each with the weight of its keys."""

    def __init__(self) -> None:
        self.ttl = Distribution()
        self.idle = Distribution()
        self.frequency = Distribution(FREQUENCY_BOUNDS)
        self._types: dict[str, list[float]] = {}
        self._encodings: dict[str, dict[str, float]] = {}

    def add(self, keys: int, facts: KeyFacts) -> None:
        factor = _factor(keys, facts)
        self.ttl.merge(facts.ttl, factor)
        if facts.idle is not None:
            self.idle.merge(facts.idle, _scale(keys, facts.idle))
        if facts.frequency is not None:
            self.frequency.merge(facts.frequency, _scale(keys, facts.frequency))
        for kind, (weight, memory) in facts.types.items():
            entry = self._types.setdefault(kind, [0.0, 0.0])
            entry[0] += weight * factor
            entry[1] += memory * factor
        encoded = sum(facts.encodings.values())
        for (kind, encoding), weight in facts.encodings.items():
            entries = self._encodings.setdefault(kind, {})
            entries[encoding] = entries.get(encoding, 0.0) + weight * keys / encoded

    def types(self, database: str, big_keys: dict[str, float]) -> list[TypeReport]:
        """The types, those with the most memory first."""
        reports = [
            TypeReport(
                database,
                kind,
                round(keys),
                round(memory),
                round(big_keys.get(kind, 0.0)),
                {encoding: round(weight) for encoding, weight in self._encodings.get(kind, {}).items()},
            )
            for kind, (keys, memory) in self._types.items()
        ]
        return sorted(reports, key=lambda report: (-report.memory_bytes, report.type))


def _factor(keys: int, facts: KeyFacts) -> float:
    """By what to multiply a weight to get a number of keys: 1 but for the chance of the sample."""
    weight = sum(weight for weight, _ in facts.types.values())
    return keys / weight if weight else 0.0


def _scale(keys: int, distribution: Distribution) -> float:
    total = distribution.total
    return keys / total if total else 0.0


def _biggest(sample: KeyspaceSample) -> dict[bytes, TrackedKey]:
    """The biggest keys of each type, by memory and by length."""
    found: dict[bytes, TrackedKey] = {}
    for kind, top in sample.top_memory.items():
        for name, memory in top:
            found[name] = TrackedKey(kind, memory, None)
    for kind, top in sample.top_length.items():
        for name, length in top:
            known = found.setdefault(name, TrackedKey(kind, None, None))
            if known.kind == kind:
                known.length = length
    return found


def spread(distribution: Distribution, factor: float = 1.0) -> Spread:
    """A distribution as plain data, each weight `factor` times."""
    buckets = {le: round(weight * factor) for le, weight in distribution.buckets}
    return Spread(buckets, distribution.sum * factor)


def total_memory(reports: Iterable[DatabaseReport]) -> Estimate:
    """The memory of all databases."""
    return add_estimates(*(estimate_of(report.memory_bytes, report.memory_error_ratio) for report in reports))
