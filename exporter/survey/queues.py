"""A short look for the queues of a server, at the pace at which the daemon looks for them."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from exporter.clock import SystemClock
from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Connection
from exporter.errors import ReplyError, TargetError
from exporter.metrics import SeriesTable
from exporter.model.target import Target
from exporter.queues import QueuesSampler
from exporter.sampling.base import SamplerContext
from exporter.sampling.facts import TargetFacts
from exporter.survey.findings import QueueLook

_SECONDS: Final = 6.0
_PAUSE_SECONDS: Final = 0.2
_TIMEOUT_SECONDS: Final = 5.0


async def look_for_queues(target: Target, facts: TargetFacts, seconds: float = _SECONDS) -> QueueLook:
    """Look for so many seconds at most; `facts` are those of the server, by a recent INFO."""
    connection = Connection(target, timeout_seconds=_TIMEOUT_SECONDS, name="redis-vigil-init")
    sampler = QueuesSampler(_context(target, facts))
    try:
        return await _look(sampler, connection, seconds)
    except TargetError as error:
        is_denied = isinstance(error, ReplyError) and error.is_unsupported
        return QueueLook(is_complete=False, problem=str(error), is_denied=is_denied)
    finally:
        await sampler.close()
        await connection.close()


async def _look(sampler: QueuesSampler, connection: Connection, seconds: float) -> QueueLook:
    await sampler.sample(connection, time.time())
    for _ in range(round(seconds / _PAUSE_SECONDS)):
        if not sampler.is_walking:
            break
        await asyncio.sleep(_PAUSE_SECONDS)
    is_complete = not sampler.is_walking
    await sampler.read(time.time())
    found: dict[str, list[str]] = {}
    for report in sampler.report():
        found.setdefault(report.framework, []).append(report.queue)
    return QueueLook(found, is_complete, sampler.inaccessible, advice=sampler.adviser.text)


def _context(target: Target, facts: TargetFacts) -> SamplerContext[QueuesSection]:
    return SamplerContext(
        target=target,
        settings=QueuesSection(replicas=True),
        table=SeriesTable("queues", target.series_labels),
        facts=facts,
        clock=SystemClock(),
        connect=lambda name: Connection(target, name=name, timeout_seconds=_TIMEOUT_SECONDS),
    )


def together(looks: Sequence[QueueLook]) -> QueueLook:
    """What was found on all nodes of a cluster."""
    found: dict[str, dict[str, None]] = {}
    for look in looks:
        for framework, names in look.found.items():
            found.setdefault(framework, {}).update(dict.fromkeys(names))
    return QueueLook(
        {framework: list(names) for framework, names in found.items()},
        all(look.is_complete for look in looks),
        next((look.problem for look in looks if look.problem), ""),
        all(look.is_denied for look in looks),
        next((look.advice for look in looks if look.advice), ""),
    )
