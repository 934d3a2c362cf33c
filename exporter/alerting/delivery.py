"""Delivery of the alerts of one group to one integration, retried until the flush is over."""

import asyncio
import random
from typing import Final

from exporter.alerting.aggregation_group import AggregationGroup
from exporter.alerting.alert_store import AlertStore
from exporter.alerting.history import NotificationOutcome, record_of, suppressed_record
from exporter.alerting.nflog import LogKey
from exporter.alerting.notify_metrics import NotifyMetrics
from exporter.alerting.pipeline import MultiStage, NotifyContext
from exporter.clock import Clock
from exporter.errors import NotifyError
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.timing.backoff import exponential_backoff

MIN_FLUSH_SECONDS: Final = 10.0
"""A flush may last as long as the group interval, and at least this."""

# As Alertmanager's retries: growing by half, each spread by half (notify/retry_stage.go).
_FIRST_DELAY_SECONDS: Final = 0.5
_MAX_DELAY_SECONDS: Final = 60.0
_GROWTH: Final = 1.5
_JITTER: Final = 0.5

_log = get_logger(__name__)


class Delivery:
    """One group and one integration. At most one flush runs; a second one is run after it, once.

    Every attempt takes the alerts as they are then: a receiver that comes back after an hour is notified of
    the present state, once.
    """

    def __init__(
        self,
        group: AggregationGroup,
        pipeline: MultiStage,
        log_key: LogKey,
        lock: asyncio.Lock,
        *,
        metrics: NotifyMetrics,
        alert_store: AlertStore,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.log_key = log_key
        self._group = group
        self._pipeline = pipeline
        # Shared by all deliveries with the same log key, also by those of a replaced configuration.
        self._lock = lock
        self._metrics = metrics
        self._alert_store = alert_store
        self._clock = clock
        self._rng = rng
        self._task: asyncio.Task[None] | None = None
        self._is_due_again = False
        self._has_failed = False
        # The alerts that fire and of which the receiver is not notified, with the reasons.
        self._muted: dict[Labels, str] = {}
        self._stopping = asyncio.Event()

    @property
    def is_running(self) -> bool:
        """Return whether a flush is under way."""
        return self._task is not None

    def flush(self) -> None:
        """Start a flush; if one is under way, another follows it."""
        if self._task is not None:
            self._is_due_again = True
        elif not self._stopping.is_set():
            self._task = asyncio.create_task(self._run())

    def stop(self) -> "asyncio.Task[None] | None":
        """Start nothing more; return the task of an attempt that is under way and will still end."""
        self._stopping.set()
        return self._task

    async def _run(self) -> None:
        try:
            async with self._lock:
                self._is_due_again = True
                while self._is_due_again and not self._stopping.is_set():
                    self._is_due_again = False
                    await self._deliver()
        except Exception:
            _log.exception("a flush failed", group=self._group.key)
        finally:
            self._task = None
            self._group.mark_notified(self, (), self._clock.now())

    async def _deliver(self) -> None:
        """Try until it succeeds, cannot be retried, or the time of the flush is over."""
        time = asyncio.get_running_loop().time
        deadline = time() + max(self._group.options.group_interval, MIN_FLUSH_SECONDS)
        delays = exponential_backoff(
            _FIRST_DELAY_SECONDS, _MAX_DELAY_SECONDS, factor=_GROWTH, jitter=_JITTER, rng=self._rng
        )
        attempt = 1
        while True:
            context = self._context(deadline, attempt)
            try:
                await self._try(context)
                return
            except NotifyError as error:
                delay = max(next(delays), error.retry_after_seconds or 0.0)
                if not error.retryable or time() + delay >= deadline:
                    await self._fail(context, error)
                    return
            if await self._pause(delay):
                return
            attempt += 1

    def _context(self, deadline: float, attempt: int) -> NotifyContext:
        group = self._group
        now = self._clock.now()
        return NotifyContext(
            group.key, group.labels, group.options, self.log_key, now, deadline, attempt=attempt
        )

    async def _try(self, context: NotifyContext) -> None:
        alerts = self._group.snapshot(context.now)
        await self._pipeline.exec(context, alerts)
        self._has_failed = False
        await self._note_muted(context)
        self._group.mark_notified(self, alerts, context.now)
        if context.wake_at is not None:
            self._group.wake(context.wake_at)

    async def _note_muted(self, context: NotifyContext) -> None:
        """Put into the history what is kept back, once for each alert and reason."""
        before = self._muted
        self._muted = {
            alert.labels: context.muted_by[alert.labels]
            for alert in context.muted
            if not alert.is_resolved(context.now) and alert.labels not in context.held
        }
        new: dict[str, list[Alert]] = {}
        for alert in context.muted:
            reason = self._muted.get(alert.labels)
            if reason is not None and before.get(alert.labels) != reason:
                new.setdefault(reason, []).append(alert)
        for reason, alerts in new.items():
            await self._alert_store.add_record(suppressed_record(context, self._clock.now(), reason, alerts))

    async def _fail(self, context: NotifyContext, error: NotifyError) -> None:
        """Give up this flush; the next one tries again. Only the first failure goes into the history."""
        self._metrics.failed.labels(self.log_key.integration, error.kind).inc()
        await self._note_muted(context)
        if self._has_failed:
            return
        self._has_failed = True
        await self._alert_store.add_record(
            record_of(context, self._clock.now(), NotificationOutcome.FAILED, str(error))
        )

    async def _pause(self, seconds: float) -> bool:
        """Wait; return whether the wait ended because everything is to stop."""
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False
