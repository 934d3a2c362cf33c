"""`/api/unavailable`: which commands the servers do not have or do not permit, as JSON."""

from collections.abc import Sequence
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from exporter.clock import Clock
from exporter.web.directory import Targets
from exporter.web.json_pieces import json_response


def routes(targets: Targets, clock: Clock) -> Sequence[BaseRoute]:
    """The route; the parameter `instance` narrows the answer down to one target."""

    async def list_commands(request: Request) -> Response:
        wanted = request.query_params.get("instance")
        found = (
            {
                "instance": runner.target.instance,
                "commands": [asdict(one) for one in runner.unavailable.commands],
                "grant": runner.unavailable.grant,
            }
            for runner in list(targets.runners)
            if wanted in (None, runner.target.instance) and runner.unavailable.commands
        )
        return await json_response({"at": clock.now(), "targets": found})

    return [Route("/api/unavailable", list_commands)]
