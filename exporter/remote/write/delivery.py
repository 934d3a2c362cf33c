"""`Delivery`: sends a request to one receiver until it is taken, or refused for good."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from exporter.clock import Clock
from exporter.config.remote_write import RemoteWriteSection
from exporter.log import get_logger
from exporter.remote.write.client import Outcome, RemoteWriteClient
from exporter.remote.write.encoder import WriteRequest
from exporter.remote.write.metrics import ReceiverMetrics
from exporter.timing.backoff import exponential_backoff

_JITTER: Final = 0.5
_LOG_SECONDS: Final = 60.0
_NO_COUNT: Final = (
    "a receiver of remote write answers a request of protocol 2.0 without saying how much of it was taken: "
    "it speaks 1.0, use prometheus.WriteRequest"
)

_log = get_logger(__name__)


class Delivery:
    """Sends to one receiver; several requests may be under way. Close it."""

    def __init__(
        self, section: RemoteWriteSection, clock: Clock, metrics: ReceiverMetrics, rng: random.Random
    ) -> None:
        self._section = section
        self._clock = clock
        self._metrics = metrics
        self._rng = rng
        self._client = RemoteWriteClient(section, clock.now)
        self._woken = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()
        self._is_failing = False
        self._logged_at = float("-inf")
        self.is_ending = False

    def configure(self, section: RemoteWriteSection) -> None:
        """Send by another section from the next attempt on, which is made at once."""
        task = asyncio.create_task(self._client.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        self._section = section
        self._client = RemoteWriteClient(section, self._clock.now)
        self._wake()

    def end(self) -> None:
        """Make no second attempt any more."""
        self.is_ending = True
        self._wake()

    async def close(self) -> None:
        """Close all connections."""
        for task in list(self._closing):
            task.cancel()
        await self._client.close()

    async def deliver(self, request: WriteRequest) -> bool:
        """Send until the request is taken or refused; False: it was not, and there is no time any more."""
        metrics = self._metrics
        outcome = await self._persist(
            lambda attempt: self._client.send(request.body, request.message.headers, attempt=attempt),
            lambda: metrics.retried.inc(request.samples),
            lambda: self._is_too_old(request),
        )
        if outcome is None:
            metrics.too_old.inc(request.samples)
            return True
        if outcome.is_retryable:
            return False
        lost = self._lost(request, outcome)
        metrics.samples.inc(request.samples)
        metrics.failed.inc(lost)
        metrics.bytes.inc(len(request.body))
        # Also of what was refused: the receiver is not behind.
        metrics.show_sent(request.newest_ms)
        return True

    async def deliver_metadata(self, body: bytes, headers: Mapping[str, str], count: int) -> bool:
        """Send what tells of so many metrics, once: it is sent again anyway."""
        outcome = await self._client.send(body, headers)
        self._metrics.metadata.inc(count)
        if outcome.problem:
            self._metrics.metadata_failed.inc(count)
        return not outcome.problem

    async def _persist(
        self,
        send: Callable[[int], Awaitable[Outcome]],
        note_retry: Callable[[], None],
        is_too_old: Callable[[], bool],
    ) -> Outcome | None:
        """Send until the outcome is final; None where it got too old meanwhile."""
        queue = self._section.queue_config
        delays = exponential_backoff(
            queue.min_backoff.seconds, queue.max_backoff.seconds, jitter=_JITTER, rng=self._rng
        )
        attempt = 0
        while True:
            began, client = self._clock.monotonic(), self._client
            outcome = await send(attempt)
            self._metrics.duration.observe(self._clock.monotonic() - began)
            self._tell(outcome)
            if not outcome.is_retryable or self.is_ending:
                return outcome
            # Another section is tried at once.
            pause = max(next(delays), outcome.pause_seconds) if self._client is client else 0.0
            if not await self._pause(pause):
                return outcome
            if is_too_old():
                return None
            note_retry()
            attempt += 1

    def _is_too_old(self, request: WriteRequest) -> bool:
        limit = self._section.queue_config.sample_age_limit
        return bool(limit) and request.newest_ms < self._clock.now() * 1000 - limit.milliseconds

    def _lost(self, request: WriteRequest, outcome: Outcome) -> int:
        """Return how many samples of a request whose outcome is final were not taken."""
        if outcome.problem:
            return request.samples - min(outcome.written or 0, request.samples)
        if outcome.written is None and request.message.counts_written:
            self._log_sometimes(_NO_COUNT)
            return request.samples
        return 0

    async def _pause(self, seconds: float) -> bool:
        """Wait, at most until the section changes; whether there is another attempt."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass
        return not self.is_ending

    def _wake(self) -> None:
        self._woken.set()
        # Whoever waits now goes on; whoever waits later waits.
        if not self.is_ending:
            self._woken = asyncio.Event()

    def _tell(self, outcome: Outcome) -> None:
        """Say in the log when it begins to fail, and when it works again; what is refused now and then."""
        name = self._section.shown_name
        if outcome.problem and not outcome.is_retryable:
            self._log_sometimes(
                "a receiver of remote write refuses samples, which are lost", error=outcome.problem
            )
        elif outcome.problem and not self._is_failing:
            self._is_failing = True
            _log.warning(
                "remote write fails, what is new is sent later", remote_name=name, error=outcome.problem
            )
        elif not outcome.problem and self._is_failing:
            self._is_failing = False
            _log.info("remote write works again", remote_name=name)

    def _log_sometimes(self, text: str, **values: object) -> None:
        now = self._clock.monotonic()
        if now - self._logged_at >= _LOG_SECONDS:
            self._logged_at = now
            _log.error(text, remote_name=self._section.shown_name, **values)
