"""The stages that tell people: deduplicate, send, record."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from exporter.alerting.history import Outcome, record_of
from exporter.alerting.integration import Gate, Integration, tells_end
from exporter.alerting.journal import Journal
from exporter.alerting.log import LogEntry, LogKey, NotificationLog, expiry
from exporter.alerting.metrics import Metrics
from exporter.alerting.pipeline import Context
from exporter.clock import Clock
from exporter.errors import NotifyError
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.notify.not_sent import NotSent
from exporter.notify.notification import Notification

ATTEMPT_TIMEOUT_SECONDS: Final = 60.0
"""The longest that one try may take, so that a hanging receiver frees its turn."""

_log = get_logger(__name__)


class Deduplicate:
    """Lets through what the receiver does not know yet, or should be reminded of."""

    def __init__(self, integration: Integration, log: NotificationLog, journal: Journal) -> None:
        self._integration = integration
        self._log = log
        self._journal = journal

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        firing, resolved = partition(alerts, context.now)
        entry = context.entry
        reason = reason_to_notify(
            entry,
            firing,
            resolved,
            told_ends=self._told_ends(alerts, context.now),
            repeats_before=context.now - context.options.repeat_interval,
        )
        if reason is not None:
            context.reason = reason
            return alerts
        if entry is not None and resolved & entry.believed:
            # Who is not told of the end must still be told when it fires again (Alertmanager is not: issue
            # 1063). The time stays, so that reminders come when they would have come.
            await self._remember(entry.forget(resolved & entry.believed))
        return []

    def _told_ends(self, alerts: Sequence[Alert], now: float) -> frozenset[int]:
        """The fingerprints of the alerts whose end people are told."""
        return frozenset(
            alert.labels.fingerprint()
            for alert in alerts
            if alert.is_resolved(now) and tells_end(self._integration, alert)
        )

    async def _remember(self, entry: LogEntry) -> None:
        self._log.put(entry)
        await self._journal.save_entry(entry)


class NotifyReason(StrEnum):
    """Why a receiver is told; the texts are Alertmanager's."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts added"
    SOME_RESOLVED = "some alerts resolved"
    ALL_RESOLVED = "all alerts resolved"
    REPEAT = "repeat interval elapsed"


def reason_to_notify(
    entry: LogEntry | None,
    firing: frozenset[int],
    resolved: frozenset[int],
    *,
    told_ends: frozenset[int],
    repeats_before: float,
) -> NotifyReason | None:
    """Why a receiver that was told `entry` last is to be told of these alerts; None where it is not. Of the
    resolved ones it is told the end of `told_ends` only.

    Source: `needsUpdate` of github.com/prometheus/alertmanager, notify/dedup_stage.go; the order counts.
    """
    if entry is None:
        return NotifyReason.FIRST if firing else None
    if not firing <= entry.firing:
        return NotifyReason.NEW_ALERTS if entry.firing else NotifyReason.FIRST
    if not firing:
        # Also where resolved alerts are not sent: the log is to learn that nothing fires any more. An alert
        # that ended and that the receiver never heard of is no reason.
        return NotifyReason.ALL_RESOLVED if resolved & entry.believed else None
    if not told_ends <= entry.resolved:
        return NotifyReason.SOME_RESOLVED
    return NotifyReason.REPEAT if entry.at < repeats_before else None


class Send:
    """Hands the message to the integration: once per try, within the deadline."""

    def __init__(
        self, integration: Integration, gate: Gate, metrics: Metrics, clock: Clock, external_url: str
    ) -> None:
        self._integration = integration
        self._gate = gate
        self._metrics = metrics
        self._clock = clock
        self._external_url = external_url

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        context.told = tuple(
            alert
            for alert in alerts
            if not alert.is_resolved(context.now) or tells_end(self._integration, alert)
        )
        if context.told:
            if context.attempt == 1:
                self._metrics.notifications.labels(self._integration.name).inc()
            async with self._gate.turn(context.deadline):
                await self._request(context)
        return alerts

    async def _request(self, context: Context) -> None:
        name = self._integration.name
        notification = Notification(
            receiver=context.log_key.receiver,
            group_key=context.group_key,
            group_labels=context.group_labels,
            alerts=context.told,
            external_url=self._external_url,
            now=context.now,
            route_labels=context.options.labels,
            reason=context.reason,
            told=context.entry.firing if context.entry is not None else frozenset(),
        )
        began = self._clock.monotonic()
        self._metrics.requests.labels(name).inc()
        try:
            await self._attempt(notification, context.deadline)
            self._note_success(context.log_key)
        except NotifyError as error:
            self._metrics.requests_failed.labels(name).inc()
            self._note_failure(context.log_key, error)
            raise
        finally:
            self._metrics.latency.labels(name).observe(self._clock.monotonic() - began)

    def _note_success(self, key: LogKey) -> None:
        if self._gate.note(None):
            _log.info("notifications are delivered again", **_fields(key))

    def _note_failure(self, key: LogKey, error: NotifyError) -> None:
        asks_to_wait = bool(error.retry_after_seconds) and self._gate.close_for(
            error.retry_after_seconds or 0
        )
        if self._gate.note(error):
            _log.error("notifications cannot be delivered", error=str(error), **_fields(key))
        elif asks_to_wait:
            _log.warning("a receiver asks to wait", error=str(error), **_fields(key))

    async def _attempt(self, notification: Notification, deadline: float) -> None:
        limit = min(deadline, asyncio.get_running_loop().time() + ATTEMPT_TIMEOUT_SECONDS)
        try:
            async with asyncio.timeout_at(limit):
                await self._integration.send(notification)
        except NotifyError:
            raise
        except TimeoutError:
            raise NotifyError("no answer in time", retryable=True, kind="contextDeadlineExceeded") from None
        except Exception as error:
            # A fault of ours in one integration; the others and the daemon go on.
            _log.exception("sending failed", integration=self._integration.name)
            raise NotifyError(f"internal error: {type(error).__name__}", retryable=False) from error


class CountUnsent:
    """In the place of `Send`, for a kind of receiver that is not sent to: counts what would tell that
    something fires. That it is over is not missed, and an alert about the count would otherwise never end.
    """

    def __init__(self, integration: NotSent, metrics: Metrics) -> None:
        self._integration = integration
        self._metrics = metrics

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        if any(not alert.is_resolved(context.now) for alert in alerts):
            self._metrics.count_unsent(context.log_key.receiver, self._integration)
        return alerts


class Record:
    """Writes down what the receiver has been told, before anything else happens."""

    def __init__(self, log: NotificationLog, journal: Journal, clock: Clock) -> None:
        self._log = log
        self._journal = journal
        self._clock = clock

    async def exec(self, context: Context, alerts: Sequence[Alert]) -> Sequence[Alert]:
        firing, resolved = partition(alerts, context.now)
        now = self._clock.now()
        entry = LogEntry(
            key=context.log_key,
            at=now,
            expires_at=expiry(now, context.options.repeat_interval),
            firing=firing,
            resolved=resolved,
            hidden=_still_believed(context),
        )
        self._log.put(entry)
        record = record_of(context, now, Outcome.SENT) if context.told else None
        await self._journal.save_entry(entry, record)
        return alerts


def _fields(key: LogKey) -> dict[str, object]:
    return {"receiver": key.receiver, "integration": f"{key.integration}[{key.index}]"}


def partition(alerts: Sequence[Alert], now: float) -> tuple[frozenset[int], frozenset[int]]:
    """The fingerprints of the alerts that fire, and of those that are resolved."""
    firing = frozenset(alert.labels.fingerprint() for alert in alerts if not alert.is_resolved(now))
    resolved = frozenset(alert.labels.fingerprint() for alert in alerts if alert.is_resolved(now))
    return firing, resolved


def _still_believed(context: Context) -> frozenset[int]:
    """Of the muted alerts those that the receiver was once told to fire."""
    return frozenset(alert.labels.fingerprint() for alert in context.hidden if context.believes(alert))
