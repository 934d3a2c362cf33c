"""The restore policy tells how alerts go on after a restart."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from exporter.rules.active import ActiveAlert, AlertState
from exporter.rules.saved import SavedAlert

DEFAULT_OUTAGE_TOLERANCE_MS: Final = 3_600_000
DEFAULT_GRACE_PERIOD_MS: Final = 600_000


@dataclass(frozen=True, slots=True)
class RestorePolicy:
    """The longest outage after which alerts are restored, and the time that a long `for` waits at least.

    The names and values are those of Prometheus' flags `--rules.alert.for-outage-tolerance` and
    `--rules.alert.for-grace-period`.
    """

    outage_tolerance_ms: int = DEFAULT_OUTAGE_TOLERANCE_MS
    grace_period_ms: int = DEFAULT_GRACE_PERIOD_MS

    def restore(
        self, saved: Iterable[SavedAlert], *, for_ms: int, last_seen_ms: int, now_ms: int
    ) -> list[ActiveAlert]:
        """Return the alerts of one rule as they go on now; none after too long an outage.

        `last_seen_ms` is the moment of the last evaluation before the restart.
        """
        if now_ms - last_seen_ms > self.outage_tolerance_ms:
            return []
        return [self._restore_one(alert, for_ms, last_seen_ms, now_ms) for alert in saved]

    def _restore_one(self, saved: SavedAlert, for_ms: int, last_seen_ms: int, now_ms: int) -> ActiveAlert:
        is_pending = saved.state is AlertState.PENDING
        return ActiveAlert(
            saved.labels,
            saved.annotations,
            saved.value,
            self._active_at_ms(saved, for_ms, last_seen_ms, now_ms) if is_pending else saved.active_at_ms,
            saved.state,
            saved.fired_at_ms,
            saved.resolved_at_ms,
            saved.keep_firing_since_ms,
            saved.last_sent_at_ms,
            restored_at_ms=now_ms if saved.state is not AlertState.INACTIVE else 0,
        )

    def _active_at_ms(self, saved: SavedAlert, for_ms: int, last_seen_ms: int, now_ms: int) -> int:
        """Return the begin of a pending alert, moved so that the outage does not count towards `for`.

        Prometheus restores no `for` below the grace period; here such a timer simply resumes, since waiting
        the grace period out would take longer than starting over.
        """
        remaining_ms = for_ms - (last_seen_ms - saved.active_at_ms)
        if remaining_ms <= 0:
            return saved.active_at_ms
        if remaining_ms < self.grace_period_ms <= for_ms:
            return now_ms + self.grace_period_ms - for_ms
        return saved.active_at_ms + now_ms - last_seen_ms
