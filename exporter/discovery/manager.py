"""Runs all sources, each on its own; a failing one keeps the servers that it named last."""

import asyncio
from collections.abc import Callable, Sequence

from exporter.config.discovery import DiscoverySection
from exporter.discovery.base import Source
from exporter.discovery.cluster import ClusterSource
from exporter.discovery.file import FileSource
from exporter.discovery.http import HttpSource
from exporter.discovery.sentinel import SentinelSource
from exporter.errors import VigilError
from exporter.log import get_logger
from exporter.model.target import Target

log = get_logger(__name__)

# Whatever a source does inside, it is cut off after this long.
_FIND_SECONDS = 30.0


def build_sources(section: DiscoverySection) -> Sequence[Source]:
    """The sources that a configuration names; secrets are read now."""
    return [
        *map(ClusterSource, section.cluster),
        *map(SentinelSource, section.sentinel),
        *map(FileSource, section.file),
        *map(HttpSource, section.http),
    ]


class Discovery:
    """Asks every source at its interval; `on_change` is called when the servers are others than before, and
    when every source has answered, or failed, for the first time.

    `failures` counts the times a source could not tell, by the source's name.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        on_change: Callable[[], None],
        earlier: "Discovery | None" = None,
    ) -> None:
        self._sources = sources
        self._on_change = on_change
        self._found = earlier.keep(sources) if earlier else {}
        self._tasks: list[asyncio.Task[None]] = []
        self._failing: set[int] = set()
        known = earlier.reported if earlier else set()
        self._unheard = {index for index, source in enumerate(sources) if source.name not in known}
        self.failures: dict[str, int] = {source.name: 0 for source in sources}

    @property
    def targets(self) -> Sequence[Target]:
        """All servers found, of several with one name the first."""
        by_instance: dict[str, Target] = {}
        for index in range(len(self._sources)):
            for target in self._found.get(index, ()):
                by_instance.setdefault(target.instance, target)
        return list(by_instance.values())

    @property
    def has_reported(self) -> bool:
        """Whether every source has answered once, or has failed."""
        return not self._unheard

    @property
    def reported(self) -> set[str]:
        """The names of the sources that have."""
        return {source.name for index, source in enumerate(self._sources) if index not in self._unheard}

    def keep(self, sources: Sequence[Source]) -> dict[int, Sequence[Target]]:
        """What was found last, for the sources that go on under the same name: no target is dropped only
        because the files were read again."""
        by_name = {source.name: self._found.get(index, ()) for index, source in enumerate(self._sources)}
        return {index: by_name.get(source.name, ()) for index, source in enumerate(sources)}

    def start(self) -> None:
        """Ask every source now and then at its interval."""
        self._tasks = [
            asyncio.create_task(self._run(index, source), name=f"discovery {source.name}")
            for index, source in enumerate(self._sources)
        ]

    async def _run(self, index: int, source: Source) -> None:
        while True:
            before = self.targets
            await self._refresh(index, source)
            if self._is_first_round_over(index) or self.targets != before:
                self._on_change()
            await asyncio.sleep(source.interval_seconds)

    def _is_first_round_over(self, index: int) -> bool:
        """Note that a source was asked; whether it was the last that everybody waited for."""
        if index not in self._unheard:
            return False
        self._unheard.remove(index)
        return not self._unheard

    async def _refresh(self, index: int, source: Source) -> None:
        try:
            async with asyncio.timeout(_FIND_SECONDS):
                self._found[index] = await source.find()
        except (VigilError, TimeoutError) as error:
            self._note_failure(index, source, str(error) or "no answer in time")
        except Exception as error:
            log.exception("a source broke", source=source.name)
            self._note_failure(index, source, type(error).__name__)
        else:
            if index in self._failing:
                self._failing.remove(index)
                log.info("a source works again", source=source.name)

    def _note_failure(self, index: int, source: Source, reason: str) -> None:
        self.failures[source.name] += 1
        if index not in self._failing:
            self._failing.add(index)
            kept = len(self._found.get(index, ()))
            log.warning(
                "a source failed, its last servers stay", source=source.name, error=reason, servers=kept
            )

    async def stop(self) -> None:
        """Ask nobody any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
