"""The records of known queues, which outlive the process."""

from collections.abc import Sequence
from typing import Protocol

from exporter.queues.known import KnownQueue


class QueueRecords(Protocol):
    """Keeps the known queues of each instance. Implementations raise `StateError`."""

    async def load_queues(self, instance: str) -> Sequence[KnownQueue]:
        """All that was saved for this instance."""
        ...

    async def save_queues(self, instance: str, queues: Sequence[KnownQueue]) -> None:
        """Replace what is saved for this instance."""
        ...
