"""`/api/slowlog`: the slow commands of all targets by pattern, as JSON."""

from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from exporter.clock import Clock
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slowlog import SlowlogReport, SlowlogSampler
from exporter.web.directory import Targets
from exporter.web.json_pieces import json_response


def routes(targets: Targets, clock: Clock) -> Sequence[BaseRoute]:
    """The route; the parameter `instance` narrows the answer down to one target."""

    async def list_patterns(request: Request) -> Response:
        wanted = request.query_params.get("instance")
        found = (
            report.as_json()
            for report in _reports(list(targets.runners))
            if wanted is None or report.instance == wanted
        )
        return await json_response({"at": clock.now(), "targets": found})

    return [Route("/api/slowlog", list_patterns)]


def _reports(runners: Iterable[TargetRunner]) -> Iterable[SlowlogReport]:
    for runner in runners:
        sampler = runner.sampler("slowlog")
        if isinstance(sampler, SlowlogSampler):
            yield sampler.report()
