"""`/api/slowlog`: the slow commands of all targets by pattern, as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from exporter.clock import Clock
from exporter.errors import StateError
from exporter.events import EventLog, EventQuery
from exporter.events.rows import read_all
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slowlog import SlowlogReport, SlowlogSampler
from exporter.samplers.slowlog.past import KINDS, MAX_EVENTS, past_reports
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import BadDataError
from exporter.web.directory import Targets
from exporter.web.event_query import read_instances, read_span
from exporter.web.events import refusal
from exporter.web.json_pieces import json_response


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a request asks for; without a span what has been seen since the daemon began."""

    instances: Sequence[str]
    pattern: str
    since_ms: int | None
    until_ms: int | None

    @property
    def is_past(self) -> bool:
        return self.since_ms is not None or self.until_ms is not None

    @property
    def query(self) -> EventQuery:
        return EventQuery(self.instances, KINDS, self.since_ms, self.until_ms, MAX_EVENTS)


def routes(targets: Targets, clock: Clock, events: EventLog) -> Sequence[BaseRoute]:
    """The route.

    `instance` and `pattern` narrow the answer down; with `since` or `until` it is made of the entries that
    were kept, instead of those that were seen since the daemon began.
    """

    async def list_patterns(request: Request) -> Response:
        try:
            wanted = _read(await Parameters.of(request, clock))
            document = await _past(wanted, events) if wanted.is_past else _present(wanted, targets)
        except BadDataError as error:
            return refusal(400, "bad_data", str(error))
        except StateError as error:
            return refusal(503, "unavailable", str(error))
        return await json_response({"at": clock.now(), **document})

    return [Route("/api/slowlog", list_patterns)]


def _read(parameters: Parameters) -> _Wanted:
    since_ms, until_ms = read_span(parameters)
    return _Wanted(read_instances(parameters), parameters.text("pattern"), since_ms, until_ms)


def _present(wanted: _Wanted, targets: Targets) -> dict[str, Any]:
    """What the samplers know."""
    reports = (
        report.only(wanted.pattern).as_json()
        for report in _reports(list(targets.runners))
        if not wanted.instances or report.instance in wanted.instances
    )
    return {"targets": reports}


async def _past(wanted: _Wanted, events: EventLog) -> dict[str, Any]:
    """What was kept of a span; `truncated`: of the oldest there is more."""

    def read(connection: Any) -> tuple[Sequence[SlowlogReport], int]:
        counted = 0

        def count() -> Iterable[Any]:
            nonlocal counted
            for event in read_all(connection, wanted.query):
                counted += 1
                yield event

        return past_reports(count(), wanted.pattern), counted

    reports, counted = await events.run(read)
    return {
        "since": None if wanted.since_ms is None else wanted.since_ms / 1000,
        "until": None if wanted.until_ms is None else wanted.until_ms / 1000,
        "truncated": counted >= MAX_EVENTS,
        "targets": (report.as_json() for report in reports),
    }


def _reports(runners: Iterable[TargetRunner]) -> Iterable[SlowlogReport]:
    for runner in runners:
        sampler = runner.sampler("slowlog")
        if isinstance(sampler, SlowlogSampler):
            yield sampler.report()
