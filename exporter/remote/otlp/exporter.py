"""`OtlpExporter`: sends the metrics of all targets, and events, by OTLP, as the configuration says."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from prometheus_client import CollectorRegistry

from exporter.clock import Clock, to_milliseconds
from exporter.config.main import Config
from exporter.config.otlp import OtlpSection
from exporter.events import Event, EventKind
from exporter.log import get_logger
from exporter.remote.otlp.attributes import daemon_resource, instance_resource, resource_of
from exporter.remote.otlp.batches import EventBatches
from exporter.remote.otlp.encoder import MetricsEncoder
from exporter.remote.otlp.logs import encode_logs
from exporter.remote.otlp.metrics import OtlpMetrics
from exporter.remote.otlp.payload import Payload, Requests
from exporter.remote.otlp.queue import SendQueue
from exporter.remote.otlp.sender import Sender
from exporter.remote.otlp.snapshot import (
    ResourceSnapshot,
    Run,
    Watched,
    snapshot_of_daemon,
    snapshots_of,
)
from exporter.store import Store
from exporter.timing.job import Job

_DEADLINE_SECONDS: Final = 60.0
# Without anything to send the job looks so often whether there is.
_IDLE_SECONDS: Final = 60.0
# Part of the time for the end that the last samples are encoded in.
_LAST_SHARE: Final = 0.5

log = get_logger(__name__)


class OtlpExporter:
    """Sends what the configuration in force says; `apply` goes over to another one.

    `watched` returns the targets, `instance` is where the daemon listens. Nothing of it touches sampling:
    rows are referred to on the event loop, encoded and compressed in a thread, and wait in a bounded queue.
    """

    def __init__(
        self,
        store: Store,
        watched: Callable[[], Iterable[Watched]],
        instance: str,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self._store = store
        self._watched = watched
        self._instance = instance
        self._clock = clock
        self._metrics = OtlpMetrics(registry)
        self._section = OtlpSection()
        self._attributes: Mapping[str, str] = {}
        self._queues: dict[str, SendQueue] = {}
        self._encoder = MetricsEncoder()
        self._run = Run(clock.now())
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="otlp")
        self._stopping = threading.Event()
        self._collecting = asyncio.Lock()
        self._events = EventBatches(self._send_events, self._metrics)

    @property
    def section(self) -> OtlpSection:
        """The section in force."""
        return self._section

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes that all resources have."""
        return self._attributes

    @property
    def job(self) -> Job:
        """What sends metrics every so often."""
        return Job("otlp", self.collect, self._interval_seconds, _DEADLINE_SECONDS)

    def _interval_seconds(self) -> float:
        return self._section.interval.seconds if "metrics" in self._queues else _IDLE_SECONDS

    async def apply(self, config: Config) -> None:
        """Send by this configuration from now on; what waits of a signal goes where it says now."""
        section = config.otlp
        self._attributes = {**config.global_.external_labels, **section.resource_attributes}
        wanted = signals_of(section)
        for signal in self._queues.keys() - wanted:
            await self._queues.pop(signal).cancel()
        for signal in wanted:
            if signal not in self._queues:
                sender = Sender(section, signal, self._clock.now)
                self._queues[signal] = SendQueue(signal, sender, self._metrics, self._clock)
            elif section != self._section:
                self._queues[signal].sender = Sender(section, signal, self._clock.now)
        if "logs" not in wanted:
            self._events.clear()
        if "metrics" not in wanted:
            # Whoever is told of them later has not seen them.
            self._encoder = MetricsEncoder()
        self._section = section

    async def collect(self) -> None:
        """Encode what is newer than the last time, and queue it."""
        if "metrics" not in self._queues:
            return
        async with self._collecting:
            snapshots = await snapshots_of(self._store, self._watched(), self._attributes)
            snapshots.append(snapshot_of_daemon(self._store, self._instance, self._run, self._attributes))
            loop, encoder = asyncio.get_running_loop(), self._encoder
            failures = encoder.failures
            payloads = await loop.run_in_executor(self._executor, self._encode, encoder, snapshots)
            if encoder.failures > failures:
                self._metrics.failed_sources.inc(encoder.failures - failures)
            if (queue := self._queues.get("metrics")) is not None:
                queue.put(payloads)

    def _new_requests(self) -> Requests:
        return Requests(is_gzip=self._section.compression == "gzip")

    def _encode(self, encoder: MetricsEncoder, snapshots: Sequence[ResourceSnapshot]) -> Sequence[Payload]:
        requests = self._new_requests()
        now_ms = to_milliseconds(self._clock.now())
        return encoder.encode(snapshots, requests, now_ms, self._stopping.is_set)

    def receive(self, events: Sequence[Event]) -> None:
        """Send these events soon, as far as the configuration wants them; returns at once."""
        if "logs" in self._queues:
            self._events.add(event for event in events if self._is_wanted(event))

    def _is_wanted(self, event: Event) -> bool:
        logs = self._section.logs
        return logs.alerts if event.kind is EventKind.ALERT else logs.events

    async def _send_events(self, events: Sequence[Event]) -> None:
        """Encode events, and queue them."""
        loop, now_ms = asyncio.get_running_loop(), to_milliseconds(self._clock.now())
        try:
            payloads = await loop.run_in_executor(
                self._executor, encode_logs, events, self._resources(), self._new_requests(), now_ms
            )
        except Exception:
            log.exception("events cannot be encoded for OTLP")
            self._metrics.dropped.labels("logs", "encoding").inc(len(events))
            return
        if (queue := self._queues.get("logs")) is not None:
            queue.put(payloads)

    def _resources(self) -> Callable[[str], Resource]:
        """Return what finds the resource of an instance: of a target, of one that is gone, or the daemon."""
        attributes, watched = self._attributes, {one.target.instance: one for one in self._watched()}
        servers = {name: one.facts.server for name, one in watched.items()}

        def find(instance: str) -> Resource:
            if not instance:
                return daemon_resource(self._instance, attributes)
            one = watched.get(instance)
            if one is None:
                return instance_resource(instance, attributes)
            return resource_of(one.target, servers[instance], attributes)

        return find

    async def stop(self, deadline_seconds: float) -> None:
        """Send the newest samples and what waits, within the deadline, and stop."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + deadline_seconds
        try:
            async with asyncio.timeout(deadline_seconds * _LAST_SHARE):
                await self.collect()
                await self._events.flush()
        except TimeoutError:
            self._stopping.set()
        await self._events.stop()
        left = max(0.0, ends_at - loop.time())
        await asyncio.gather(*(queue.stop(left) for queue in self._queues.values()))
        self._queues.clear()
        self._stopping.set()
        self._executor.shutdown(wait=False, cancel_futures=True)


def signals_of(section: OtlpSection) -> set[str]:
    """Return the signals that are to be sent."""
    if section.endpoint is None:
        return set()
    wanted = {"metrics": section.metrics, "logs": section.logs.alerts or section.logs.events}
    return {signal for signal, is_wanted in wanted.items() if is_wanted}
