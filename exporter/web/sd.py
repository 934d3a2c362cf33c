"""`/sd`: all targets in the format of Prometheus' http_sd, for scraping each by `/scrape?target=`."""

from collections.abc import Callable, Iterable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.samplers.runner import TargetRunner
from exporter.web.json_pieces import json_response


def routes(runners: Callable[[], Iterable[TargetRunner]]) -> Sequence[Route]:
    """The route; each target is its URL without credentials, with its labels."""

    async def discover(_: Request) -> Response:
        return await json_response(
            {
                "targets": [str(runner.target.address)],
                "labels": runner.target.exposed_labels.as_dict(),
            }
            for runner in list(runners())
        )

    return (Route("/sd", discover, methods=["GET"]),)
