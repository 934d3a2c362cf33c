"""`/health`: how the watched servers are, as JSON."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.alerting.status import AlertStatus
from exporter.health import Finding, Health, examine
from exporter.model.labels import Labels
from exporter.rules.group import Group
from exporter.samplers.runner import TargetRunner
from exporter.web.json_pieces import json_response

# Load balancers and scripts go by the status: only what is unhealthy is an error.
_STATUS = {Health.HEALTHY: 200, Health.DEGRADED: 200, Health.UNHEALTHY: 503}


def routes(
    groups: Callable[[], Sequence[Group]],
    runners: Callable[[], Iterable[TargetRunner]],
    status: Callable[[Labels], AlertStatus],
    external_labels: Callable[[], Labels],
) -> Sequence[Route]:
    """The route; its own status is 503 where something is unhealthy. `status` tells what keeps an alert
    quiet, by its labels with the external ones."""

    def marked(finding: Finding) -> dict[str, Any]:
        """A finding with the word for why nobody is told of it, if that is so."""
        found = status(Labels({**external_labels().as_dict(), **finding.labels}))
        quiet = "silenced" if found.silenced_by else "inhibited" if found.inhibited_by else ""
        return {**asdict(finding), "quiet": quiet}

    async def health(_: Request) -> Response:
        report = examine(groups(), runners())
        shown = {field.name: getattr(report, field.name) for field in fields(report)}
        for name in ("problems", "not_available"):
            shown[name] = {instance: asdict(one) for instance, one in shown[name].items()}
        return await json_response(
            {**shown, "findings": map(marked, report.findings)}, _STATUS[report.health]
        )

    return (Route("/health", health, methods=["GET"]),)
