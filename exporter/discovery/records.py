"""Records of discovery outlive the process."""

from collections.abc import Sequence
from typing import Protocol

from exporter.model.target import Address


class DiscoveryRecords(Protocol):
    """Keeps whom each source could ask besides its seeds. Implementations raise `StateError`."""

    async def load(self, source: str) -> Sequence[Address]:
        """Return the records of this source."""
        ...

    async def save(self, source: str, others: Sequence[Address]) -> None:
        """Replace what is saved for this source."""
        ...
