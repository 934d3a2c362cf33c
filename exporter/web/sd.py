"""`/sd`: all targets in the format of Prometheus' http_sd, for scraping each by `/scrape?target=`."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.web.directory import Targets
from exporter.web.json_pieces import json_response


def routes(targets: Targets) -> Sequence[Route]:
    """The route; each target is its URL without credentials, with its labels."""

    async def discover(_: Request) -> Response:
        return await json_response(
            {
                "targets": [str(runner.target.address)],
                "labels": runner.target.exposed_labels.as_dict(),
            }
            for runner in list(targets.runners)
        )

    return (Route("/sd", discover, methods=["GET"]),)
