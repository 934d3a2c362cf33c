"""The queue of one signal: requests in order, the oldest dropped where there are too many."""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from exporter.clock import Clock
from exporter.errors import NotifyError
from exporter.log import LogLimit, get_logger
from exporter.notify.send_loop import SendLoop
from exporter.remote.otlp.metrics import OtlpMetrics
from exporter.remote.otlp.payload import Payload
from exporter.timing.backoff import exponential_backoff

MOST_QUEUED_BYTES: Final = 32 << 20
"""How much waits while the receiver is away: at 2 MB a minute a quarter of an hour, mostly far more."""

_FIRST_DELAY_SECONDS: Final = 1.0
_LONGEST_DELAY_SECONDS: Final = 60.0
_JITTER: Final = 0.5

log = get_logger(__name__)


class Sending(Protocol):
    """Whoever sends one request."""

    async def send(self, payload: Payload) -> tuple[int, str]:
        """Send; returns how many items were rejected and why. Raises `NotifyError`."""
        ...


class SendQueue:
    """Sends the requests of one signal, one at a time; use it inside the event loop.

    `sender` may be replaced: what waits is sent by the new one.
    """

    def __init__(
        self,
        signal: str,
        sender: Sending,
        metrics: OtlpMetrics,
        clock: Clock,
        *,
        rng: random.Random | None = None,
        most_bytes: int = MOST_QUEUED_BYTES,
    ) -> None:
        self.sender = sender
        self._signal = signal
        self._metrics = metrics
        self._clock = clock
        self._most_bytes = most_bytes
        self._payloads: deque[Payload] = deque()
        self._bytes = 0
        self._failures = LogLimit()
        self._rejections = LogLimit()
        self._is_failing = False
        # The oldest is under way, and not dropped.
        self._is_sending = False
        metrics.begin(signal)
        spread = rng or random.Random()
        self._loop = SendLoop(
            lambda: bool(self._payloads),
            self._send_first,
            lambda: exponential_backoff(
                _FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS, jitter=_JITTER, rng=spread
            ),
            name=f"otlp {signal}",
        )

    def put(self, payloads: Sequence[Payload]) -> None:
        """Add requests; returns at once."""
        for payload in payloads:
            self._payloads.append(payload)
            self._bytes += len(payload.body)
        dropped = 0
        while self._bytes > self._most_bytes and len(self._payloads) > 1 + self._is_sending:
            dropped += self._remove(self._is_sending).items
        if dropped:
            self._drop(dropped, "queue_full")
        self._count()
        if self._payloads:
            self._loop.wake()

    def _remove(self, index: int = 0) -> Payload:
        payload = self._payloads[index]
        del self._payloads[index]
        self._bytes -= len(payload.body)
        return payload

    def _drop(self, items: int, reason: str) -> None:
        self._metrics.dropped.labels(self._signal, reason).inc(items)

    def _count(self) -> None:
        self._metrics.queue_length.labels(self._signal).set(len(self._payloads))
        self._metrics.queue_bytes.labels(self._signal).set(self._bytes)

    async def stop(self, deadline_seconds: float) -> None:
        """Send what waits, at the first attempt and within the deadline; the rest is dropped."""
        await asyncio.wait([self._loop.drain()], timeout=deadline_seconds)
        await self.cancel()

    async def cancel(self) -> None:
        """Stop at once; what waits is dropped."""
        await asyncio.gather(self._loop.cancel(), return_exceptions=True)
        if left := sum(payload.items for payload in self._payloads):
            self._drop(left, "stopped")
        self._payloads.clear()
        self._bytes = 0
        self._metrics.end(self._signal)

    async def _send_first(self) -> None:
        """Send the oldest; raises `NotifyError` where that is to be tried again."""
        payload = self._payloads[0]
        self._is_sending = True
        try:
            rejected, message = await self.sender.send(payload)
        except NotifyError as error:
            self._note_failure(error, payload)
            if error.retryable:
                raise
        except Exception as error:
            log.exception("sending by OTLP broke", signal=self._signal)
            self._note_failure(NotifyError(str(error), retryable=False), payload)
        else:
            self._note_success(payload, rejected, message)
        finally:
            self._is_sending = False
        self._remove()
        self._count()

    def _note_success(self, payload: Payload, rejected: int, message: str) -> None:
        rejected = min(rejected, payload.items)
        self._metrics.sent.labels(self._signal).inc(payload.items - rejected)
        if self._is_failing:
            self._is_failing = False
            log.info("sending by OTLP works again", signal=self._signal)
        if rejected:
            self._drop(rejected, "rejected")
        fields = self._rejections.fields(self._clock.monotonic()) if rejected or message else None
        if fields is not None:
            log.warning(
                "the receiver took a request by OTLP in part",
                signal=self._signal,
                rejected=rejected,
                message=message,
                **fields,
            )

    def _note_failure(self, error: NotifyError, payload: Payload) -> None:
        self._metrics.failed.labels(self._signal, error.kind).inc()
        if not error.retryable:
            self._drop(payload.items, "refused")
        fields = self._failures.fields(self._clock.monotonic())
        if fields is not None:
            log.warning("sending by OTLP fails", signal=self._signal, error=error, **fields)
        self._is_failing = True
