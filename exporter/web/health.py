"""`/health`: how the watched servers are, as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.health import Finding, Health, examine
from exporter.model.labels import Labels
from exporter.web.directory import RuleGroups, Targets
from exporter.web.json_pieces import json_response

# Load balancers and scripts go by the status: only what is unhealthy is an error.
_STATUS = {Health.HEALTHY: 200, Health.DEGRADED: 200, Health.UNHEALTHY: 503}


def routes(
    rules: RuleGroups,
    targets: Targets,
    why_quiet: Callable[[Labels], str],
) -> Sequence[Route]:
    """Return the route; its status is 503 where something is unhealthy.

    `why_quiet` returns the reason why nobody is notified of an alert of a rule, in a word; else an empty
    text.
    """

    def marked(finding: Finding) -> dict[str, Any]:
        return {**asdict(finding), "quiet": why_quiet(Labels(finding.labels))}

    async def health(_: Request) -> Response:
        report = examine(rules.groups, targets.runners)
        shown = {field.name: getattr(report, field.name) for field in fields(report)}
        for name in ("problems", "not_available"):
            shown[name] = {instance: asdict(one) for instance, one in shown[name].items()}
        return await json_response(
            {**shown, "findings": map(marked, report.findings)}, _STATUS[report.health]
        )

    return (Route("/health", health, methods=["GET"]),)
