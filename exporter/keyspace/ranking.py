"""The ranking chooses the patterns to show: by memory or keys; the rest is summed as `other`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from exporter.keyspace.interval import Estimate, error_ratio, estimate_of
from exporter.keyspace.pool import GroupSample, Pool, add_estimates
from exporter.keyspace.report import OTHER, KeyPatternReport, Spread

# A pattern that was shown before keeps its place until it is overtaken by so much.
_STAYING_POWER = 1.25


def rank(
    patterns: Iterable[KeyPatternReport],
    limit: int,
    shown_before: Collection[tuple[str, str]] = (),
    configured: Collection[str] = (),
    samples: Mapping[str, Mapping[str, GroupSample]] = MappingProxyType({}),
) -> list[KeyPatternReport]:
    """At most `limit` patterns over all databases, then `other` for each database that has more.

    Configured patterns come first; then those with the largest share of the keys or of the memory. `samples`
    are those of the patterns of each database where not every key was asked.
    """
    listed = list(patterns)
    all_keys = sum(pattern.keys for pattern in listed) or 1
    all_memory = sum(pattern.memory_bytes or 0 for pattern in listed) or 1

    def place(pattern: KeyPatternReport) -> tuple[bool, float, str, str]:
        share = max(pattern.keys / all_keys, (pattern.memory_bytes or 0) / all_memory)
        if (pattern.database, pattern.pattern) in shown_before:
            share *= _STAYING_POWER
        return pattern.pattern not in configured, -share, pattern.database, pattern.pattern

    listed.sort(key=place)
    shown, rest = listed[:limit], listed[limit:]
    by_database: dict[str, list[KeyPatternReport]] = {}
    for pattern in rest:
        by_database.setdefault(pattern.database, []).append(pattern)
    shown.sort(key=lambda pattern: (-(pattern.memory_bytes or 0), pattern.database, pattern.pattern))
    return [
        *shown,
        *(
            _other(database, parts, samples.get(database, {}))
            for database, parts in sorted(by_database.items())
        ),
    ]


def _other(
    database: str, parts: Sequence[KeyPatternReport], samples: Mapping[str, GroupSample]
) -> KeyPatternReport:
    keys = sum(part.keys for part in parts)
    memory, untimed = _sums(parts, samples)
    types: dict[str, int] = {}
    for part in parts:
        for kind, count in part.types.items():
            types[kind] = types.get(kind, 0) + count
    idle = [part.idle_seconds for part in parts if part.idle_seconds is not None]
    return KeyPatternReport(
        database=database,
        pattern=OTHER,
        keys=keys,
        keys_error_ratio=None if any(part.keys_error_ratio is None for part in parts) else 0.0,
        memory_bytes=memory.rounded,
        memory_error_ratio=error_ratio(memory),
        mean_bytes=memory.mean(keys),
        max_bytes=max((part.max_bytes for part in parts if part.max_bytes is not None), default=None),
        keys_without_ttl=untimed.rounded,
        keys_without_ttl_error_ratio=error_ratio(untimed),
        types=types,
        ttl_seconds=_add([part.ttl_seconds for part in parts]),
        idle_seconds=_add(idle) if idle else None,
        patterns=len(parts),
    )


def _sums(parts: Sequence[KeyPatternReport], samples: Mapping[str, GroupSample]) -> tuple[Estimate, Estimate]:
    """Memory, and keys without a TTL."""
    if not samples:
        return (
            add_estimates(*(estimate_of(part.memory_bytes, part.memory_error_ratio) for part in parts)),
            add_estimates(
                *(estimate_of(part.keys_without_ttl, part.keys_without_ttl_error_ratio) for part in parts)
            ),
        )
    pool, sampled = Pool(samples.values()), [samples[part.pattern] for part in parts]
    return pool.total_memory(sampled), pool.total_untimed(sampled)


def _add(spreads: Sequence[Spread]) -> Spread:
    buckets = {le: sum(spread.buckets[le] for spread in spreads) for le in spreads[0].buckets}
    return Spread(buckets, sum(spread.sum for spread in spreads))
