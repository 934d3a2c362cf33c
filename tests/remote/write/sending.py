"""A store, and senders of what it gets to listeners."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from exporter.config.remote_write import RemoteWriteSection
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.remote.write.writer import RemoteWriter
from exporter.store import Store
from tests.clocks import FrozenClock
from tests.notify.http_listener import HttpListener
from tests.remote.write.blocks import MemoryBlocks
from tests.remote.write.reading import Received, read_v1, read_v2

UP = Family("redis_up", Kind.GAUGE, "Whether it answers.")
BASE = Labels({"instance": "one", "job": "redis"})
LAYOUT = Layout([Point(UP, "", Labels())], BASE)
SERIES = Labels({"__name__": "redis_up", **BASE.as_dict()})
# Nothing here waits for longer than it has to.
QUICK = {"batch_send_deadline": "10ms", "min_backoff": "1ms", "max_backoff": "5ms"}


def section(url: str, **settings: Any) -> RemoteWriteSection:
    queue = {**QUICK, **settings.pop("queue_config", {})}
    return RemoteWriteSection.model_validate(
        {"url": url, "queue_config": queue, "metadata_config": {"send": False}, **settings}
    )


class World:
    """A daemon's store and its writer."""

    def __init__(
        self, directory: Path | None = None, blocks: MemoryBlocks | None = None, retention_ms: int = 3_600_000
    ) -> None:
        self.clock = FrozenClock()
        self.store = Store(retention_ms=retention_ms)
        self.registry = CollectorRegistry()
        self.writer = RemoteWriter(self.store, self.clock, self.registry, directory=directory, blocks=blocks)

    async def start(self, *sections: RemoteWriteSection, **external: str) -> None:
        await self.writer.start(sections, external)

    def append(self, value: float, source: str = "s") -> Sample:
        """Add a sample a second later than the one before."""
        self.clock.at += 1.0
        sample = Sample(source, self.clock.at_ms, LAYOUT, [value])
        self.store.append(sample)
        return sample

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the series of one of its own metrics."""
        wanted = set(labels.items())
        return sum(
            sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == f"prometheus_remote_storage_{name}" and wanted <= set(sample.labels.items())
        )


def received(listener: HttpListener, taken: Sequence[int] | None = None) -> Received:
    """What arrived with requests, all or those of these numbers."""
    found: Received = {}
    for number, request in enumerate(listener.requests):
        if taken is not None and number not in taken:
            continue
        is_new = "write.v2" in request.headers["content-type"]
        for labels, moment, value in (read_v2 if is_new else read_v1)(request.body):
            found.setdefault(labels, []).append((moment, value))
    return found


def values(listener: HttpListener, taken: Sequence[int] | None = None) -> Mapping[str, list[float]]:
    """The values of each series, by its instance."""
    return {
        labels["instance"]: [value for _, value in one] for labels, one in received(listener, taken).items()
    }


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, for as long as a busy machine may need."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 (what it waits for tells nobody)
            await asyncio.sleep(0.002)
