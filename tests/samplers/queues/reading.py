"""Reads the queues of a server with the real sampler, and compares them with what is expected."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Connection
from exporter.metrics import SeriesTable
from exporter.model.target import Address, Target
from exporter.samplers.base import SamplerContext, TargetFacts
from exporter.samplers.queues import QueueRecords, QueueReport, QueuesSampler

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


class FrozenClock:
    """Stands still until it is moved."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


def target_of(url: str) -> Target:
    """The target of a `redis://host:port/database` URL."""
    parts = urlsplit(url)
    database = int(parts.path.strip("/") or 0)
    address = Address(parts.hostname or "", parts.port or 6379, database=database)
    return Target(address.instance, address)


def build_sampler(
    url: str,
    clock: FrozenClock,
    settings: QueuesSection | None = None,
    records: QueueRecords | None = None,
    table: SeriesTable | None = None,
) -> QueuesSampler:
    """The sampler as the daemon builds it."""
    target = target_of(url)
    context = SamplerContext(
        target=target,
        settings=settings or QueuesSection(),
        table=table or SeriesTable("test", target.series_labels),
        facts=TargetFacts(),
        clock=clock,
        connect=lambda name: Connection(target, name=name, no_touch=True),
    )
    return QueuesSampler(context, records)


def read_queues(
    url: str, at: float, settings: QueuesSection | None = None
) -> dict[tuple[str, str], QueueReport]:
    """One pass over all queues of a server as of that moment, by framework and name."""

    async def read() -> Sequence[QueueReport]:
        sampler = build_sampler(url, FrozenClock(at), settings)
        connection = Connection(target_of(url))
        try:
            await sampler.find_all(at)
            await sampler.sample(connection, at)
            return sampler.report()
        finally:
            await sampler.close()
            await connection.close()

    return {(report.framework, report.queue): report for report in asyncio.run(read())}


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
        if age is None or abs(expected["at"] - since - age) > expected.get("tolerance", 0.01):
            wrong.append(f"{queue}: oldest job is {age} s old, expected {expected['at'] - since:.3f}")
    return wrong
