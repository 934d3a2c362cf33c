"""Sending: one attempt to deliver a notification, and what is counted and logged of it.

The attempts of a flush are repeated by `exporter.alerting.delivery`, each with the alerts as they are then;
in Alertmanager the loop is in `RetryStage` itself (notify/retry_stage.go).
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from exporter.alerting.nflog import LogKey
from exporter.alerting.notify_metrics import NotifyMetrics
from exporter.alerting.pipeline import NotifyContext
from exporter.alerting.rate_limiter import RateLimiter
from exporter.clock import Clock
from exporter.errors import NotifyError
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.notify.integration import Integration, notifies_end
from exporter.notify.not_sent import NotSent
from exporter.notify.notification import Notification

ATTEMPT_TIMEOUT_SECONDS: Final = 60.0
"""The longest that one attempt may take, so that a hanging receiver frees its slot."""

_SHORT_SECONDS: Final = 5.0

_log = get_logger(__name__)


class RetryStage:
    """Hands a notification to the integration: once per attempt, within the deadline."""

    def __init__(
        self,
        integration: Integration,
        limiter: RateLimiter,
        metrics: NotifyMetrics,
        clock: Clock,
        external_url: str,
    ) -> None:
        self._integration = integration
        self._limiter = limiter
        self._metrics = metrics
        self._clock = clock
        self._external_url = external_url

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Return the alerts as they are; raises `NotifyError`."""
        context.sent_alerts = tuple(
            alert
            for alert in alerts
            if not alert.is_resolved(context.now) or notifies_end(self._integration, alert)
        )
        if context.sent_alerts:
            if context.attempt == 1:
                self._metrics.notifications.labels(self._integration.name).inc()
            async with self._limiter.acquire(context.deadline):
                await self._request(context)
        return alerts

    async def _request(self, context: NotifyContext) -> None:
        name = self._integration.name
        notification = self._notification(context)
        began = self._clock.monotonic()
        self._metrics.requests.labels(name).inc()
        try:
            await self._attempt(notification, context.deadline)
            self._record_success(context.log_key)
        except NotifyError as error:
            self._metrics.requests_failed.labels(name).inc()
            self._record_failure(context.log_key, error)
            raise
        finally:
            self._metrics.latency.labels(name).observe(self._clock.monotonic() - began)

    def _notification(self, context: NotifyContext) -> Notification:
        return Notification(
            receiver=context.log_key.receiver,
            group_key=context.group_key,
            group_labels=context.group_labels,
            alerts=context.sent_alerts,
            external_url=self._external_url,
            now=context.now,
            route_labels=context.options.labels,
            reason=context.reason,
            notified_firing=context.entry.firing if context.entry is not None else frozenset(),
        )

    def _record_success(self, key: LogKey) -> None:
        if self._limiter.record_result(None):
            _log.info("notifications are delivered again", **_fields(key))

    def _record_failure(self, key: LogKey, error: NotifyError) -> None:
        asks_to_wait = bool(error.retry_after_seconds) and self._limiter.back_off(
            error.retry_after_seconds or 0
        )
        if self._limiter.record_result(error):
            _log.error("notifications cannot be delivered", error=str(error), **_fields(key))
        elif asks_to_wait:
            _log.warning("a receiver asks to wait", error=str(error), **_fields(key))

    async def _attempt(self, notification: Notification, deadline: float) -> None:
        began = asyncio.get_running_loop().time()
        limit = min(deadline, began + ATTEMPT_TIMEOUT_SECONDS)
        try:
            async with asyncio.timeout_at(limit):
                await self._integration.send(notification)
        except NotifyError:
            raise
        except TimeoutError:
            seconds, earlier = max(0.0, limit - began), self._limiter.error
            text = f"{self._integration.name}: no answer within {seconds:.3g} s"
            if earlier is not None and seconds < _SHORT_SECONDS:
                # The group's next turn has cut it short: what was wrong before says more.
                text = str(earlier)
            raise NotifyError(text, retryable=True, kind="contextDeadlineExceeded") from None
        except Exception as error:
            # A bug in one integration: the others and the daemon go on.
            _log.exception("sending failed", integration=self._integration.name)
            raise NotifyError(f"internal error: {type(error).__name__}", retryable=False) from error


class CountUnsent:
    """Counts firing alerts in place of `RetryStage`, for a kind of receiver that is not sent to.

    Ends are not counted: an alert about the count would otherwise never end.
    """

    def __init__(self, integration: NotSent, metrics: NotifyMetrics) -> None:
        self._integration = integration
        self._metrics = metrics

    async def exec(self, context: NotifyContext, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Return the alerts as they are."""
        if any(not alert.is_resolved(context.now) for alert in alerts):
            self._metrics.count_unsent(context.log_key.receiver, self._integration)
        return alerts


def _fields(key: LogKey) -> dict[str, object]:
    return {"receiver": key.receiver, "integration": f"{key.integration}[{key.index}]"}
