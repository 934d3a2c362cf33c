"""Options of alerting: limits, and delays after a start."""

from dataclasses import dataclass

from exporter.alerting.rate_limiter import CONCURRENCY


@dataclass(frozen=True, slots=True)
class Options:
    """Limits, and delays after a start.

    `concurrency`: how many messages each integration sends at a time; as many can be doubled by a crash.
    `hold_seconds`: how long after a start no notification is sent of alerts that were only restored, or that
    may be inhibited; it should cover one evaluation of every rule. `resume_seconds`: how long an alert that
    fired before the start counts as firing without being repeated.
    """

    concurrency: int = CONCURRENCY
    max_alerts: int = 100_000
    max_groups: int = 50_000
    max_silences: int = 10_000
    max_log_entries: int = 200_000
    hold_seconds: float = 30.0
    resume_seconds: float = 300.0
