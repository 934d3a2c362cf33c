"""`RemoteWriter`: sends all samples to every receiver of `remote_write`."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from exporter.clock import Clock
from exporter.config.remote_write import RemoteWriteSection
from exporter.log import get_logger
from exporter.remote.write.families import Families
from exporter.remote.write.history_rows import Blocks
from exporter.remote.write.metrics import ReceiverMetrics, WriteMetrics
from exporter.remote.write.positions import Position, Positions
from exporter.remote.write.sender import Sender
from exporter.remote.write.transform import transform_by
from exporter.store import Store
from exporter.timing.job import Job, every

SAVE_SECONDS: Final = 5.0
"""How often positions are saved: so much is sent twice after `kill -9`, at most."""

_SAVE_DEADLINE_SECONDS: Final = 60.0

_log = get_logger(__name__)


class RemoteWriter:
    """The senders to all receivers, each of which goes its own way.

    `directory` is where positions are kept over a restart, `blocks` the history: without them a receiver that
    was away gets what memory still holds.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        registry: CollectorRegistry,
        *,
        directory: Path | None = None,
        blocks: Blocks | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._blocks = blocks
        self._positions = Positions(directory) if directory is not None else None
        self._saved: dict[str, Position] = {}
        self._metrics = WriteMetrics(registry, self._newest_seconds)
        self._receiver_metrics: dict[str, ReceiverMetrics] = {}
        self._families = Families()
        self._senders: dict[str, Sender] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._external: dict[str, str] = {}
        self._cannot_save = False

    @property
    def senders(self) -> Sequence[Sender]:
        """The senders, in the order of the configuration."""
        return list(self._senders.values())

    @property
    def jobs(self) -> Sequence[Job]:
        """Saving of positions; nothing where there is no directory for them."""
        job = Job("remote_write_positions", self.save, every(SAVE_SECONDS), _SAVE_DEADLINE_SECONDS)
        return () if self._positions is None else (job,)

    def _newest_seconds(self) -> float:
        return self._store.completeness.newest_ms / 1000

    async def start(self, sections: Iterable[RemoteWriteSection], external: Mapping[str, str]) -> None:
        """Go on where the receivers had got before the restart."""
        if self._positions is not None:
            self._saved = await asyncio.to_thread(self._positions.load)
        self.apply(sections, external)
        self._saved = {}

    def apply(self, sections: Iterable[RemoteWriteSection], external: Mapping[str, str]) -> None:
        """Send to these from now on, with these external labels; what waits for those that stay is kept."""
        wanted = {section.shown_name: section for section in sections}
        for name in [name for name in self._senders if name not in wanted]:
            self._remove(name)
        has_other_labels, self._external = self._external != dict(external), dict(external)
        for name, section in wanted.items():
            sender = self._senders.pop(name, None)
            if sender is None:
                sender = self._add(name, section)
            elif has_other_labels or section != sender.wanted_section:
                sender.configure(section, transform_by(self._external, section.write_relabel_configs))
            # In the order of the configuration.
            self._senders[name] = sender

    def _add(self, name: str, section: RemoteWriteSection) -> Sender:
        metrics = self._receiver_metrics[name] = ReceiverMetrics(self._metrics, section)
        sender = Sender(
            section,
            transform_by(self._external, section.write_relabel_configs),
            store=self._store,
            clock=self._clock,
            metrics=metrics,
            families=self._families,
            blocks=self._blocks,
            position=self._saved.get(name),
        )
        self._tasks[name] = asyncio.create_task(sender.run(), name=f"remote write to {name}")
        return sender

    def _remove(self, name: str) -> None:
        del self._senders[name]
        self._tasks.pop(name).cancel()
        self._receiver_metrics.pop(name).remove()

    async def save(self) -> None:
        """Save how far the receivers have got."""
        if self._positions is None or not self._senders:
            return
        positions = {name: sender.position for name, sender in self._senders.items()}
        try:
            await asyncio.to_thread(self._positions.save, positions)
        except OSError as error:
            if not self._cannot_save:
                _log.error("how far remote write has got cannot be saved", error=error)
            self._cannot_save = True
        else:
            self._cannot_save = False

    async def stop(self, deadline_seconds: float) -> None:
        """Send what there is, with one attempt and within the deadline, and save how far that has got."""
        for sender in self._senders.values():
            sender.end()
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=deadline_seconds)
        for task in tasks:
            task.cancel()
        await self.save()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._senders.clear()
        self._tasks.clear()
