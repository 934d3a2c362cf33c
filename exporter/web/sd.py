"""`/sd`: all targets in the format of Prometheus' http_sd, for scraping each by `/scrape?target=`."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.model.shard import Shard
from exporter.web.directory import Targets
from exporter.web.json_pieces import json_response

_SHARD: Final = "__meta_redis_vigil_shard"


def routes(targets: Targets, shard: Callable[[], Shard | None] = lambda: None) -> Sequence[Route]:
    """The route; each target is its URL without credentials, with its labels.

    Where several daemons share the servers, `__meta_redis_vigil_shard` says which of them watches these.
    """

    async def discover(_: Request) -> Response:
        known = shard()
        about = {_SHARD: str(known)} if known else {}
        return await json_response(
            {
                "targets": [str(runner.target.address)],
                "labels": {**runner.target.exposed_labels.as_dict(), **about},
            }
            for runner in list(targets.runners)
        )

    return (Route("/sd", discover, methods=["GET"]),)
