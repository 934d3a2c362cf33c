"""Runs all sources, each on its own; a failing one keeps the servers that it named last."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from exporter.config.discovery import DiscoverySection
from exporter.discovery.base import Found, Source
from exporter.discovery.cluster import ClusterSource
from exporter.discovery.dns import DnsSource
from exporter.discovery.file import FileSource
from exporter.discovery.http import HttpSource
from exporter.discovery.kubernetes.source import KubernetesSource
from exporter.discovery.memory import Memory, informants_of
from exporter.discovery.records import DiscoveryRecords
from exporter.discovery.sentinel import SentinelSource
from exporter.errors import DiscoveryError, JobError, Reason, VigilError
from exporter.log import get_logger
from exporter.timing.job import Job, Jobs

log = get_logger(__name__)

# Whatever a source does inside, it is cut off after this long.
_FIND_SECONDS = 30.0
# A round may read and save besides what it remembers.
_ROUND_SECONDS = 40.0
# After a failover it takes some seconds until everybody knows of it: a round at once, and four after it.
_HURRIED_ROUNDS = 5
_HURRIED_SECONDS = 2.0
# Of what cannot be taken of one answer.
_MOST_SAID = 5


def build_sources(section: DiscoverySection) -> Sequence[Source]:
    """The sources that a configuration names, each by a name of its own; secrets are read now."""
    sources: list[Source] = [
        *map(ClusterSource, section.cluster),
        *map(SentinelSource, section.sentinel),
        *map(FileSource, section.file),
        *map(HttpSource, section.http),
        *map(DnsSource, section.dns),
        *map(KubernetesSource, section.kubernetes),
    ]
    for source, name in zip(sources, _told_apart([source.name for source in sources]), strict=True):
        source.name = name
    return sources


class Discovery:
    """Asks every source at its interval; each is a job, which a slow one of the others does not delay.

    `on_change` is called when the servers are others than before, and when every source has answered, or
    failed, for the first time.

    `failures` counts the times a source could not tell, `problems` tells why it could not the last time, both
    by the source's name; `refused` counts groups and servers that could not be taken of what it lists.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        on_change: Callable[[], None],
        earlier: "Discovery | None" = None,
        records: DiscoveryRecords | None = None,
    ) -> None:
        self._sources = sources
        self._on_change = on_change
        self._found = earlier.keep(sources) if earlier else {}
        self._jobs: Jobs | None = None
        self._names = [f"discovery {name}" for name in _told_apart([source.name for source in sources])]
        known = earlier.reported if earlier else set()
        self._unheard = {index for index, source in enumerate(sources) if source.name not in known}
        self.failures: dict[str, int] = {source.name: 0 for source in sources}
        self.problems: dict[str, Reason] = {}
        # What was said of each source that fails; another fault is told as well.
        self._said: dict[str, str] = {}
        self.refused: dict[str, int] = {source.name: 0 for source in sources}
        self._refused_before: dict[str, tuple[str, ...]] = {}
        self._hurried_rounds: dict[int, int] = {}
        self._not_recalled = set(range(len(sources)))
        self._memory = Memory(sources, records)
        if earlier is not None:
            self._memory.follow(earlier._memory)
            names = self.failures.keys()
            self.problems = {name: why for name, why in earlier.problems.items() if name in names}
            self._said = {name: text for name, text in earlier._said.items() if name in names}
            before = earlier._refused_before.items()
            self._refused_before = {name: texts for name, texts in before if name in names}

    @property
    def found(self) -> Sequence[Found]:
        """All servers that the sources name, in the order of these."""
        return [found for index in range(len(self._sources)) for found in self._found.get(index, ())]

    @property
    def counts(self) -> dict[str, int]:
        """The number of servers that each source named last, by its name."""
        return {source.name: len(self._found.get(index, ())) for index, source in enumerate(self._sources)}

    @property
    def has_reported(self) -> bool:
        """Whether every source has answered once, or has failed."""
        return not self._unheard

    @property
    def reported(self) -> set[str]:
        """The names of the sources that have."""
        return {source.name for index, source in enumerate(self._sources) if index not in self._unheard}

    def keep(self, sources: Sequence[Source]) -> dict[int, Sequence[Found]]:
        """Return the servers that were found last, for sources that stay under the same name.

        So no target is dropped only because the files were read again.
        """
        by_name = {source.name: self._found.get(index, ()) for index, source in enumerate(self._sources)}
        return {index: by_name.get(source.name, ()) for index, source in enumerate(sources)}

    def start(self, jobs: Jobs) -> None:
        """Ask every source now and then at its interval, counted from when it has answered."""
        self._jobs = jobs
        for index, name in enumerate(self._names):
            seconds = partial(self._interval_seconds, index)
            jobs.add(
                Job(name, partial(self._run, index), seconds, _ROUND_SECONDS, at_once=True, from_end=True)
            )

    def hurry(self) -> None:
        """A server has another role: ask those that know about it now, and a few times soon after."""
        for index, source in enumerate(self._sources):
            if informants_of(source) is not None:
                is_new = self._hurried_rounds.get(index, 0) == 0
                self._hurried_rounds[index] = _HURRIED_ROUNDS
                if is_new and self._jobs is not None:
                    self._jobs.run_soon(self._names[index])

    def _interval_seconds(self, index: int) -> float:
        seconds = self._sources[index].interval_seconds
        return min(seconds, _HURRIED_SECONDS) if self._hurried_rounds.get(index, 0) > 0 else seconds

    async def _run(self, index: int) -> None:
        """A round: ask one source. Raises `JobError` where it could not tell."""
        source = self._sources[index]
        if self._hurried_rounds.get(index, 0) > 0:
            self._hurried_rounds[index] -= 1
        if index in self._not_recalled:
            self._not_recalled.remove(index)
            await self._memory.recall(source)
        before = self.found
        await self._refresh(index, source)
        if self._is_first_round_over(index) or self.found != before:
            self._on_change()
        if source.name in self.problems:
            raise JobError(f"{source.name}: {self.problems[source.name].value}")

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
        except TimeoutError:
            self._note_failure(index, source, DiscoveryError("no answer in time", Reason.TIMEOUT))
        except VigilError as error:
            self._note_failure(index, source, error)
        except Exception as error:
            log.exception("a source broke", source=source.name)
            self._note_failure(index, source, DiscoveryError(type(error).__name__, Reason.INTERNAL))
        else:
            self._note_refusals(source)
            if self.problems.pop(source.name, None) is not None:
                del self._said[source.name]
                log.info("a source works again", source=source.name)
            await self._memory.save(source)

    def _note_failure(self, index: int, source: Source, error: VigilError) -> None:
        self.failures[source.name] += 1
        reason = error.reason if isinstance(error, DiscoveryError) else Reason.INTERNAL
        if self._said.get(source.name) != str(error):
            self._said[source.name] = str(error)
            log.warning(
                "a source failed, its last servers stay",
                source=source.name,
                reason=reason.value,
                error=str(error),
                servers=len(self._found.get(index, ())),
            )
        self.problems[source.name] = reason

    def _note_refusals(self, source: Source) -> None:
        """Say what of an answer could not be taken, once for as long as it is the same."""
        refused = source.refused
        self.refused[source.name] += len(refused)
        if tuple(refused) == self._refused_before.get(source.name, ()):
            return
        self._refused_before[source.name] = tuple(refused)
        if not refused:
            log.info("all that a source lists is taken again", source=source.name)
        for text in refused[:_MOST_SAID]:
            log.warning("a source lists what cannot be taken", source=source.name, error=text)
        if len(refused) > _MOST_SAID:
            more = len(refused) - _MOST_SAID
            log.warning("a source lists more that cannot be taken", source=source.name, more=more)

    async def stop(self) -> None:
        """Ask nobody any more."""
        if self._jobs is not None:
            await asyncio.gather(*map(self._jobs.remove, self._names))


def _told_apart(names: Sequence[str]) -> Sequence[str]:
    """The same names, of which the second of two that are equal is `name (2)`, and so on."""
    counts: Counter[str] = Counter()
    told: list[str] = []
    for name in names:
        counts[name] += 1
        told.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return told
