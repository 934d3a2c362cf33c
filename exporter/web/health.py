"""`/health`: how the watched servers are, as JSON."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.health import Health, examine
from exporter.rules.group import Group
from exporter.samplers.runner import TargetRunner
from exporter.web.json_pieces import json_response

# Load balancers and scripts go by the status: only what is unhealthy is an error.
_STATUS = {Health.HEALTHY: 200, Health.DEGRADED: 200, Health.UNHEALTHY: 503}


def routes(
    groups: Callable[[], Sequence[Group]], runners: Callable[[], Iterable[TargetRunner]]
) -> Sequence[Route]:
    """The route; status 503 where something is unhealthy."""

    async def health(_: Request) -> Response:
        report = examine(groups(), runners())
        shown = {field.name: getattr(report, field.name) for field in fields(report)}
        for name in ("problems", "not_available"):
            shown[name] = {instance: asdict(one) for instance, one in shown[name].items()}
        return await json_response(
            {**shown, "findings": map(asdict, report.findings)}, _STATUS[report.health]
        )

    return (Route("/health", health, methods=["GET"]),)
