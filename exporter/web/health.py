"""`/health`: how the watched servers are, as JSON."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.health import Health, examine
from exporter.rules.group import Group
from exporter.samplers.runner import TargetRunner

# Load balancers and scripts go by the status: only what is unhealthy is an error.
_STATUS = {Health.HEALTHY: 200, Health.DEGRADED: 200, Health.UNHEALTHY: 503}


def routes(
    groups: Callable[[], Sequence[Group]], runners: Callable[[], Iterable[TargetRunner]]
) -> Sequence[Route]:
    """The route; status 503 where something is unhealthy."""

    async def health(_: Request) -> Response:
        report = examine(groups(), runners())
        return JSONResponse(asdict(report), status_code=_STATUS[report.health])

    return (Route("/health", health, methods=["GET"]),)
