"""`/api/queues`: the queues of all targets as of their last pass, as JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from exporter.clock import Clock
from exporter.queues import QueuesSampler
from exporter.samplers.runner import TargetRunner
from exporter.web.directory import Targets
from exporter.web.json_pieces import json_response

_FILTERS = ("instance", "framework", "queue")


def routes(targets: Targets, clock: Clock) -> Sequence[BaseRoute]:
    """The route; the parameters `instance`, `framework` and `queue` narrow down what is answered."""

    async def list_queues(request: Request) -> Response:
        wanted = {name: request.query_params[name] for name in _FILTERS if name in request.query_params}
        known = list(targets.runners)
        queues = (
            queue
            for queue in _all_queues(known)
            if all(queue[name] == value for name, value in wanted.items())
        )
        hints = (
            hint for hint in _all_hints(known) if wanted.get("instance", hint["instance"]) == hint["instance"]
        )
        return await json_response({"at": clock.now(), "queues": queues, "hints": hints})

    return [Route("/api/queues", list_queues)]


def _all_queues(runners: Iterable[TargetRunner]) -> Iterable[dict[str, Any]]:
    for runner, sampler in _samplers(runners):
        for report in list(sampler.report()):
            yield {"instance": runner.target.instance, **report.as_json()}


def _all_hints(runners: Iterable[TargetRunner]) -> Iterable[dict[str, Any]]:
    """Lists that look like queues, for each target that has any."""
    for runner, sampler in _samplers(runners):
        if sampler.adviser.text:
            yield {
                "instance": runner.target.instance,
                "text": sampler.adviser.text,
                "lists": [one.as_json() for one in sampler.adviser.suggestions],
            }


def _samplers(runners: Iterable[TargetRunner]) -> Iterable[tuple[TargetRunner, QueuesSampler]]:
    for runner in runners:
        sampler = runner.sampler("queues")
        if isinstance(sampler, QueuesSampler):
            yield runner, sampler
