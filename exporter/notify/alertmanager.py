"""Forwarding alerts to Alertmanagers.

Every Alertmanager of a cluster gets every alert, from a queue of its own; they deduplicate notifications
among themselves. Source: notifier/notifier.go of Prometheus, and Alertmanager's API v2
(POST /api/v2/alerts).
"""

import asyncio
import itertools
import random
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from exporter.clock import Clock
from exporter.config.alertmanager.http import HttpConfig
from exporter.errors import NotifyError
from exporter.gotemplate.encoding import encode_json, to_plain
from exporter.gotemplate.times import time_of
from exporter.gotemplate.values import StringMap
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.model.http_url import HttpUrl
from exporter.model.labels import Labels
from exporter.notify.http import HttpClient
from exporter.notify.send_loop import SendLoop
from exporter.timing.backoff import exponential_backoff

CAPACITY: Final = 10_000
"""Alerts that wait for one Alertmanager at most; the same as Prometheus'."""

BATCH: Final = 256
TIMEOUT_SECONDS: Final = 10.0
_PATH: Final = "/api/v2/alerts"
_FIRST_DELAY_SECONDS: Final = 0.5
_LONGEST_DELAY_SECONDS: Final = 30.0

_log = get_logger(__name__)


class ForwardMetrics:
    """Metrics of forwarded alerts, by Alertmanager."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sent = Counter(
            "redis_vigil_forwarded_alerts",
            "Alerts that an Alertmanager accepted.",
            ["alertmanager"],
            registry=registry,
        )
        self.dropped = Counter(
            "redis_vigil_forward_dropped_alerts",
            "Alerts that were not forwarded: the queue was full, or they were refused.",
            ["alertmanager"],
            registry=registry,
        )
        self.errors = Counter(
            "redis_vigil_forward_errors",
            "Requests that failed, by reason.",
            ["alertmanager", "reason"],
            registry=registry,
        )
        self.waiting = Gauge(
            "redis_vigil_forward_queue_length",
            "Alerts in the queue of an Alertmanager.",
            ["alertmanager"],
            registry=registry,
        )


class AlertForwarder:
    """Queues the alerts of the rules (an `AlertSink`) and posts them. Use it inside the event loop."""

    def __init__(
        self,
        metrics: ForwardMetrics,
        clock: Clock,
        *,
        rng: random.Random | None = None,
        capacity: int = CAPACITY,
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._rng = rng or random.Random()
        self._capacity = capacity
        self._queues: dict[HttpUrl, _Queue] = {}

    def apply(self, urls: Iterable[HttpUrl], http_config: HttpConfig | None = None) -> None:
        """Forward to these from now on; the queues of those that stay are kept."""
        wanted = dict.fromkeys(urls)
        for url in [url for url in self._queues if url not in wanted]:
            self._queues.pop(url).cancel()
        for url in wanted:
            if url not in self._queues:
                self._queues[url] = self._start_queue(url, http_config or HttpConfig())

    def _start_queue(self, url: HttpUrl, http_config: HttpConfig) -> "_Queue":
        client = HttpClient(http_config, "alertmanager", timeout_seconds=TIMEOUT_SECONDS, now=self._clock.now)
        return _Queue(url, self._name_of(url), client, self._metrics, self._rng, self._capacity)

    @property
    def urls(self) -> Sequence[str]:
        """The URLs that alerts are forwarded to, without passwords and tokens."""
        return [url.shown for url in self._queues]

    def _name_of(self, url: HttpUrl) -> str:
        """Return the label: the URL without secrets, numbered where another differs in secrets only."""
        used = {queue.name for queue in self._queues.values()}
        names = (url.shown if number == 1 else f"{url.shown} ({number})" for number in itertools.count(1))
        return next(name for name in names if name not in used)

    async def receive(self, alerts: Sequence[Alert]) -> None:
        """Queue alerts for every Alertmanager; returns at once."""
        for queue in self._queues.values():
            queue.put(alerts)

    async def stop(self, deadline_seconds: float) -> None:
        """Send the queued alerts, at the first attempt and within the deadline, and stop."""
        tasks = [queue.drain() for queue in self._queues.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=deadline_seconds)
        for queue in self._queues.values():
            queue.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._queues.clear()


class _Queue:
    """Queue of one Alertmanager: of each alert the latest state, sent the oldest first."""

    def __init__(
        self,
        url: HttpUrl,
        name: str,
        client: HttpClient,
        metrics: ForwardMetrics,
        rng: random.Random,
        capacity: int,
    ) -> None:
        self._url = url.with_path(_PATH)
        self.name = name
        self._client = client
        self._metrics = metrics
        self._capacity = capacity
        self._alerts: OrderedDict[Labels, Alert] = OrderedDict()
        self._loop = SendLoop(
            lambda: bool(self._alerts),
            self._send_batch,
            lambda: exponential_backoff(_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS, jitter=0.5, rng=rng),
            name=f"forward to {name}",
        )

    def put(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            self._alerts[alert.labels] = alert
        surplus = len(self._alerts) - self._capacity
        if surplus > 0:
            for _ in range(surplus):
                self._alerts.popitem(last=False)
            self._metrics.dropped.labels(self.name).inc(surplus)
            _log.warning("too many alerts wait for an Alertmanager", alertmanager=self.name, dropped=surplus)
        self._count()
        if self._alerts:
            self._loop.wake()

    def drain(self) -> "asyncio.Task[None]":
        """End once everything is sent, or the first request fails."""
        return self._loop.drain()

    def cancel(self) -> None:
        self._loop.cancel()
        for metric in (self._metrics.waiting, self._metrics.sent, self._metrics.dropped):
            metric.remove(self.name)

    def _count(self) -> None:
        self._metrics.waiting.labels(self.name).set(len(self._alerts))

    async def _send_batch(self) -> None:
        """Send the oldest; raises `NotifyError` where that is to be tried again."""
        batch = [alert for alert, _ in zip(self._alerts.values(), range(BATCH), strict=False)]
        try:
            body = encode_json([_posted(alert) for alert in batch]).encode()
            self._client.check(await self._client.post_json(self._url.reveal(), body))
            self._metrics.sent.labels(self.name).inc(len(batch))
        except NotifyError as error:
            self._metrics.errors.labels(self.name, error.kind).inc()
            _log.warning("forwarding failed", alertmanager=self.name, error=error)
            if error.retryable:
                raise
            self._metrics.dropped.labels(self.name).inc(len(batch))
        for alert in batch:
            # Unless the alert has changed while the request was under way.
            if self._alerts.get(alert.labels) is alert:
                del self._alerts[alert.labels]
        self._count()


def _posted(alert: Alert) -> object:
    """Return an alert as the API has it (`postableAlert`)."""
    posted = {
        "labels": StringMap(alert.labels.pairs),
        "annotations": StringMap(alert.annotations.pairs),
        "startsAt": time_of(alert.starts_at),
        "generatorURL": alert.generator_url,
    }
    if alert.ends_at:
        posted["endsAt"] = time_of(alert.ends_at)
    return to_plain(posted)
