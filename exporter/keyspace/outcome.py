"""The report of a pass, from what its databases have shown and what the pass before has found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.keyspace.history import History, TrackedKey, follow
from exporter.keyspace.interval import error_ratio
from exporter.keyspace.ranking import rank
from exporter.keyspace.report import OTHER, BigKey, KeyPatternReport, PassReport
from exporter.keyspace.summary import DatabaseSummary, total_memory
from exporter.model.keyname import hash_name, shorten_pattern, show_name

# A growth is told from passes that are at least so far apart.
_LEAST_HOURS: Final = 1 / 120


@dataclass(frozen=True, slots=True)
class PassFacts:
    """Facts about the pass as a whole, for its report.

    Times in epoch seconds; the memory is the server's used_memory_dataset.
    """

    instance: str
    started_at: float
    finished_at: float
    duration_seconds: float
    complete: bool
    exact: bool
    dataset_bytes: float
    notes: Sequence[str] = ()
    scanned_on: str = ""


def conclude(
    facts: PassFacts,
    databases: Mapping[int, DatabaseSummary],
    section: KeyspaceSection,
    before: History | None,
) -> History:
    """The outcome of a pass."""
    listed = list(databases.values())
    old = before.report if before is not None else None
    shown = {(one.database, one.pattern) for one in old.patterns} if old is not None else set()
    patterns = rank(
        (pattern for one in listed for pattern in one.patterns),
        section.max_patterns,
        shown,
        [shorten_pattern(one) for one in section.patterns],
        {one.report.database: one.samples for one in listed if one.samples},
    )
    if old is not None and old.complete and facts.complete:
        _note_growth(patterns, old, facts.finished_at)
    tracked = {
        number: follow(one.biggest, before.tracked.get(number, {}) if before is not None else {})
        for number, one in databases.items()
    }
    memory = total_memory(one.report for one in listed)
    report = PassReport(
        instance=facts.instance,
        started_at=facts.started_at,
        finished_at=facts.finished_at,
        duration_seconds=facts.duration_seconds,
        complete=facts.complete,
        exact=facts.exact,
        databases=[one.report for one in listed],
        patterns=patterns,
        types=[kind for one in listed for kind in one.types],
        biggest_keys=[
            key for number, keys in tracked.items() for key in _big_keys(f"db{number}", keys, section)
        ],
        memory_bytes=memory.rounded,
        memory_error_ratio=error_ratio(memory),
        accounted_ratio=_ratio(memory.rounded, facts.dataset_bytes),
        notes=list(facts.notes),
        scanned_on=facts.scanned_on,
    )
    return History(report, {number: one.template for number, one in databases.items()}, tracked)


def _ratio(memory: float | None, dataset: float) -> float | None:
    return memory / dataset if memory is not None and dataset else None


def _note_growth(patterns: Iterable[KeyPatternReport], old: PassReport, now: float) -> None:
    hours = (now - old.finished_at) / 3600
    if hours < _LEAST_HOURS:
        return
    known = {(one.database, one.pattern): one for one in old.patterns}
    for pattern in patterns:
        before = known.get((pattern.database, pattern.pattern))
        # What `other` holds differs from pass to pass.
        if before is not None and pattern.pattern != OTHER:
            pattern.keys_per_hour = (pattern.keys - before.keys) / hours
            if pattern.memory_bytes is not None and before.memory_bytes is not None:
                pattern.memory_bytes_per_hour = (pattern.memory_bytes - before.memory_bytes) / hours


def _big_keys(
    database: str, tracked: Mapping[bytes, TrackedKey], section: KeyspaceSection
) -> Iterable[BigKey]:
    """The biggest keys by type and memory, under the names that may be told."""
    if section.key_names == "hide":
        return
    ordered = sorted(
        tracked.items(), key=lambda item: (item[1].kind, -(item[1].memory or 0), -(item[1].length or 0))
    )
    for name, key in ordered:
        text = hash_name(name) if section.key_names == "hash" else show_name(name)
        yield BigKey(database, key.kind, text, key.memory, key.length, key.growing)
