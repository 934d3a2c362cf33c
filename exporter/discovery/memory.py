"""Whom sources could ask besides their seeds, over reloads and restarts."""

from collections.abc import Sequence

from exporter.discovery.asking import Informants
from exporter.discovery.base import Source
from exporter.discovery.cluster import ClusterSource
from exporter.discovery.records import DiscoveryRecords
from exporter.discovery.sentinel import SentinelSource
from exporter.errors import StateError
from exporter.log import get_logger
from exporter.model.target import Address

log = get_logger(__name__)


class Memory:
    """Access to the `records` of each source; without them it does nothing.

    Where they fail, discovery goes on.
    """

    def __init__(self, sources: Sequence[Source], records: DiscoveryRecords | None) -> None:
        self._sources = sources
        self._records = records
        self._saved: dict[str, Sequence[Address]] = {}

    def follow(self, earlier: "Memory") -> None:
        """Go on after a reload with what sources of the same name knew."""
        known = {source.name: informants_of(source) for source in earlier._sources}
        for source in self._sources:
            before, informants = known.get(source.name), informants_of(source)
            if before is not None and informants is not None:
                informants.learn(before.others)
        self._saved = earlier._saved

    async def recall(self, source: Source) -> None:
        """Take in what was saved of a source that knows nobody yet."""
        informants = informants_of(source)
        if self._records is None or informants is None or informants.others:
            return
        try:
            others = await self._records.load(source.name)
        except StateError as error:
            log.warning("cannot remember whom to ask", source=source.name, error=error)
            return
        self._saved[source.name] = others
        informants.learn(others)

    async def save(self, source: Source) -> None:
        """Save what has changed."""
        informants = informants_of(source)
        if self._records is None or informants is None:
            return
        others = sorted(informants.others, key=str)
        if others == self._saved.get(source.name, []):
            return
        try:
            await self._records.save(source.name, others)
        except StateError as error:
            log.warning("cannot save whom to ask", source=source.name, error=error)
        else:
            self._saved[source.name] = others


def informants_of(source: Source) -> Informants | None:
    """Whom a source asks, where it asks servers."""
    return source.informants if isinstance(source, ClusterSource | SentinelSource) else None
