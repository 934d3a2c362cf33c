"""Keeps what is known of queues over restarts of the daemon."""

import asyncio
from typing import Final

from exporter.errors import StateError
from exporter.log import get_logger
from exporter.queues.known import KnownQueues
from exporter.queues.records import QueueRecords

log = get_logger(__name__)

_SAVE_SECONDS: Final = 60.0


class QueueStore:
    """Loads the queues of one instance once, and saves them now and then; nothing without `records`."""

    def __init__(self, records: QueueRecords | None, known: KnownQueues, instance: str) -> None:
        self._records = records
        self._known = known
        self._instance = instance
        self._is_restored = False
        self._saving: asyncio.Task[None] | None = None
        self._saved_at = 0.0

    async def restore(self) -> bool:
        """Take in what was remembered; whether that has happened just now."""
        if self._records is None or self._is_restored:
            return False
        self._is_restored = True
        try:
            self._known.restore(await self._records.load_queues(self._instance))
        except StateError as error:
            log.warning("cannot remember queues", instance=self._instance, error=error)
        return True

    def save(self, at: float) -> None:
        """Save the known queues now and then, and when queues have come or gone.

        `at` is now, in epoch seconds. Nobody waits for it.
        """
        is_due = (len(self._known) and at - self._saved_at >= _SAVE_SECONDS) or self._known.changed
        if self._records is None or not is_due or (self._saving and not self._saving.done()):
            return
        self._saved_at = at
        self._saving = asyncio.create_task(self._save_all(self._records))

    async def _save_all(self, records: QueueRecords) -> None:
        self._known.changed = False
        try:
            await records.save_queues(self._instance, list(self._known))
        except StateError as error:
            self._known.changed = True
            log.warning("cannot save queues", instance=self._instance, error=error)

    def follow_clock(self, seconds: float) -> None:
        """The clock was set by so much."""
        self._saved_at = self._saved_at and self._saved_at + seconds

    async def close(self) -> None:
        """Save what is known, if anything was asked for."""
        if self._saving is not None:
            await self._saving
        if self._records is not None and self._is_restored:
            await self._save_all(self._records)
