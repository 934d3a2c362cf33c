"""Reads the queues of a server with the real sampler, and compares them with what is expected."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self
from urllib.parse import urlsplit

from exporter.clock import Clock, SystemClock
from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Connection
from exporter.errors import StateError
from exporter.metrics import SeriesTable
from exporter.model.target import Address, Target
from exporter.queues import QueueRecords, QueueReport, QueuesSampler
from exporter.queues.base import Framework
from exporter.queues.known import KnownQueue
from exporter.sampling.base import SamplerContext
from exporter.sampling.facts import TargetFacts
from tests.clocks import FrozenClock

# What an expectation compares with: key in the expectation -> field of the report.
_FIELDS: Final = {
    "added": "added",
    "paused": "paused",
    "overdue": "overdue",
    "orphaned": "orphaned",
    "stuck": "stuck",
    "workers": "workers",
    "silent": "silent_workers",
}


def target_of(url: str) -> Target:
    """The target of a `redis://host:port/database` URL."""
    parts = urlsplit(url)
    database = int(parts.path.strip("/") or 0)
    address = Address(parts.hostname or "", parts.port or 6379, database=database)
    return Target(address.instance, address)


class Memory:
    """Records in memory, copied as a database would; fails on demand."""

    def __init__(self) -> None:
        self.saved: dict[str, list[KnownQueue]] = {}
        self.fails = False

    async def load_queues(self, instance: str) -> Sequence[KnownQueue]:
        if self.fails:
            raise StateError("no disk")
        return [self._copy(known) for known in self.saved.get(instance, [])]

    async def save_queues(self, instance: str, queues: Sequence[KnownQueue]) -> None:
        if self.fails:
            raise StateError("no disk")
        self.saved[instance] = [self._copy(known) for known in queues]

    @staticmethod
    def _copy(known: KnownQueue) -> KnownQueue:
        return KnownQueue(known.id, known.label, known.alive_at, dict(known.notes))


def build_sampler(url: str, clock: Clock | None = None) -> QueuesSampler:
    """The sampler on one server, with the machine's clock or another that goes."""
    target = target_of(url)
    context = SamplerContext(
        target=target,
        settings=QueuesSection(),
        table=SeriesTable("test", target.series_labels),
        facts=TargetFacts(),
        clock=clock or SystemClock(),
        connect=lambda name: Connection(target, name=name, no_touch=True, timeout_seconds=60),
    )
    return QueuesSampler(context)


Reports = dict[tuple[str, str], QueueReport]


class Watcher:
    """The sampler on one server, pass by pass, with a clock that stands still."""

    def __init__(
        self,
        url: str,
        settings: QueuesSection | None = None,
        records: QueueRecords | None = None,
        frameworks: Sequence[Framework] | None = None,
        *,
        all_lists: bool = False,
    ) -> None:
        target = target_of(url)
        self.clock = FrozenClock(0.0)
        self.facts = TargetFacts()
        self.table = SeriesTable("test", target.series_labels)
        self._runner = asyncio.Runner()
        context = SamplerContext(
            target=target,
            settings=settings or QueuesSection(),
            table=self.table,
            facts=self.facts,
            clock=self.clock,
            connect=lambda name: Connection(target, name=name, no_touch=True, timeout_seconds=60),
        )
        self._connection = Connection(target, timeout_seconds=60)
        self.sampler = QueuesSampler(context, records, frameworks, all_lists=all_lists)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.sampler.close())
        self._runner.run(self._connection.close())
        self._runner.close()

    def find(self, at: float) -> None:
        """Walk through the keyspace."""
        self.clock.at = at
        self._runner.run(self.sampler.find_all(at))

    def read(self, at: float) -> Reports:
        """Read what is known; by framework and name."""
        self.clock.at = at
        self._runner.run(self.sampler.read(at))
        return self._reports()

    def sample(self, at: float) -> Reports:
        """One pass as the daemon makes it."""
        self.clock.at = at
        self._runner.run(self.sampler.sample(self._connection, at))
        return self._reports()

    def finish_walk(self) -> None:
        """Wait for the walk that goes on in the background."""
        walk = self.sampler._search._walk
        if walk is not None:
            self._runner.run(_wait_for(walk))

    def _reports(self) -> Reports:
        return {(report.framework, report.queue): report for report in self.sampler.report()}

    def values(self, family: str) -> dict[str, float]:
        """What the last pass has set in one family, by the labels as PromQL writes them; ends the pass."""
        sample = self.table.finish(int(self.clock.at * 1000))
        return {
            str(point.labels.without("instance")): value
            for point, value in zip(sample.layout.points, sample.values, strict=True)
            if point.family.name == family and value is not None
        }


async def _wait_for(walk: "asyncio.Task[None]") -> None:
    await asyncio.wait({walk})


def read_queues(url: str, at: float, settings: QueuesSection | None = None) -> Reports:
    """One pass over all queues of a server as of that moment, by framework and name."""
    with Watcher(url, settings) as watcher:
        watcher.find(at)
        return watcher.read(at)


def differences(
    expected: Mapping[str, Any], found: Mapping[tuple[str, str], QueueReport], but: Sequence[str] = ()
) -> list[str]:
    """Where the reports are not as expected, one line each; `but` names expectations to leave out."""
    framework = expected["framework"]
    wrong = []
    for queue, states in expected["jobs"].items():
        report = found.get((framework, queue))
        if report is None:
            wrong.append(f"{queue}: not found among {sorted(found)}")
            continue
        wrong += [
            f"{queue}: {report.jobs.get(state)} jobs {state}, expected {count}"
            for state, count in states.items()
            if report.jobs.get(state) != count
        ]
    for key, attribute in _FIELDS.items():
        for queue, value in expected.get(key, {}).items():
            report = found.get((framework, queue))
            got = None if report is None else getattr(report, attribute)
            if key not in but and got != value:
                wrong.append(f"{queue}: {key} {got}, expected {value}")
    for queue, outcomes in expected.get("finished", {}).items():
        report = found.get((framework, queue))
        if "finished" not in but and report is not None and dict(report.finished) != outcomes:
            wrong.append(f"{queue}: finished {dict(report.finished)}, expected {outcomes}")
    wrong += [
        f"unexpected queue {queue} of {name}"
        for name, queue in found
        if name != framework or (queue not in expected["jobs"] and queue != "*")
    ]
    return wrong + _wrong_ages(expected, found)


def _wrong_ages(expected: Mapping[str, Any], found: Mapping[tuple[str, str], QueueReport]) -> list[str]:
    wrong = []
    for queue, since in expected.get("oldest", {}).items():
        report = found.get((expected["framework"], queue))
        age = None if report is None else report.oldest_job_age_seconds
        if age is None or abs(expected["at"] - since - age) > expected.get("tolerance", 0.05):
            wrong.append(f"{queue}: oldest job is {age} s old, expected {expected['at'] - since:.3f}")
    return wrong
