"""Reports on slow commands of the past, from the events that were kept of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from exporter.events import EventKind, StoredEvent
from exporter.samplers.slowlog.report import PatternReport, SlowlogReport

KINDS: Final = (EventKind.SLOWLOG, EventKind.SLOWLOG_LOST)
"""What a report is made of."""
MAX_EVENTS: Final = 200_000
"""How many events are read for a report, the newest."""

_MAX_PATTERNS: Final = 500


@dataclass(slots=True)
class _Pattern:
    """Slow commands of one pattern; the newest comes first."""

    newest: Mapping[str, Any]
    last_at_ms: int
    count: int = 0
    total: float = 0.0
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.total += seconds
        self.longest = max(self.longest, seconds)

    def report(self, name: str) -> PatternReport:
        return PatternReport(
            pattern=name,
            count=self.count,
            mean_seconds=self.total / self.count,
            max_seconds=self.longest,
            total_seconds=self.total,
            last_at=self.last_at_ms // 1000,
            last_client=str(self.newest.get("client", "")),
            last_client_name=str(self.newest.get("client_name", "")),
            example=list(self.newest.get("arguments", ())),
        )


@dataclass(slots=True)
class _Past:
    """The slow commands of one instance."""

    lost: int = 0
    patterns: dict[str, _Pattern] = field(default_factory=dict)

    def report(self, instance: str) -> SlowlogReport:
        ranked = sorted(self.patterns.items(), key=lambda pair: (-pair[1].total, pair[0]))
        patterns = [found.report(name) for name, found in ranked[:_MAX_PATTERNS]]
        counted = sum(found.count for found in self.patterns.values())
        return SlowlogReport(instance, counted, self.lost, 0, patterns)


def past_reports(events: Iterable[StoredEvent], text: str = "") -> Sequence[SlowlogReport]:
    """Return the reports of all instances, by name, from events of `KINDS`, the newest first.

    `text`: only patterns that contain it, in whatever case.
    """
    pasts: dict[str, _Past] = {}
    for event in events:
        past = pasts.setdefault(event.instance, _Past())
        if event.kind == EventKind.SLOWLOG_LOST:
            past.lost += int(event.fields.get("entries", 0))
            continue
        name = str(event.fields.get("pattern", ""))
        if text.lower() in name.lower():
            pattern = past.patterns.setdefault(name, _Pattern(event.fields, event.at_ms))
            pattern.add(float(event.fields.get("duration_seconds") or 0.0))
    return [pasts[instance].report(instance) for instance in sorted(pasts)]
