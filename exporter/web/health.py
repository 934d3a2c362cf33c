"""`/health`: how the watched servers are, and those that other daemons watch, as JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from itertools import chain
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import exporter
from exporter.health import Finding, Health, Report, examine
from exporter.model.labels import Labels
from exporter.peers.peers import Peers, PeerState
from exporter.web.directory import CurrentConfig, RuleGroups, Targets
from exporter.web.json_pieces import json_response

# Load balancers and scripts go by the status: only what is unhealthy is an error.
_STATUS: Final = {Health.HEALTHY: 200, Health.DEGRADED: 200, Health.UNHEALTHY: 503}
_ORDER: Final = (Health.HEALTHY, Health.DEGRADED, Health.UNHEALTHY)


def routes(
    rules: RuleGroups,
    targets: Targets,
    why_quiet: Callable[[Labels], str],
    peers: Peers,
    current: CurrentConfig,
) -> Sequence[Route]:
    """Return the route; its status is 503 where something is unhealthy, here or at a peer.

    `?peers=0` leaves the peers out. `why_quiet` returns the reason why nobody is notified of an alert of a
    rule, in a word; else an empty text.
    """

    def marked(finding: Finding) -> dict[str, Any]:
        return {**asdict(finding), "quiet": why_quiet(Labels(finding.labels))}

    def about() -> dict[str, str]:
        config = current.config
        return {
            "id": peers.own_id,
            "version": exporter.__version__,
            "shard": str(config.shard or ""),
            "external_url": config.web.external_url,
        }

    async def health(request: Request) -> Response:
        report = examine(rules.groups, targets.runners)
        states = [] if request.query_params.get("peers") == "0" else list(peers.states)
        worst = max([report.health, *map(_health_of, states)], key=_ORDER.index)
        own = map(marked, report.findings)
        shown = {
            **_encode(report),
            "health": worst,
            "findings": chain(own, *map(_findings_of, states)),
            "daemon": about(),
            **({"peers": {state.name: _encode_peer(state) for state in states}} if states else {}),
        }
        return await json_response(shown, _STATUS[worst])

    return (Route("/health", health, methods=["GET"]),)


def _encode(report: Report) -> dict[str, Any]:
    shown = {field.name: getattr(report, field.name) for field in fields(report)}
    for name in ("problems", "not_available"):
        shown[name] = {instance: asdict(one) for instance, one in shown[name].items()}
    return shown


def _health_of(state: PeerState) -> Health:
    """Of what does not answer nobody knows how it is: that is no good, and no fault of its servers."""
    if state.is_up is None:
        return Health.HEALTHY
    known = Health(state.report.health) if state.report else Health.HEALTHY
    return known if state.is_up else max(known, Health.DEGRADED, key=_ORDER.index)


def _findings_of(state: PeerState) -> Iterator[Mapping[str, Any]]:
    for one in state.report.findings if state.report else ():
        yield {
            "daemon": state.name,
            "name": one.name,
            "health": Health.UNHEALTHY if one.severity == "critical" else Health.DEGRADED,
            "severity": one.severity,
            "instance": one.instance,
            "summary": one.title,
            "description": one.text,
            "recommendation": one.advice,
            "since": one.since,
            "quiet": one.quiet,
        }


def _encode_peer(state: PeerState) -> dict[str, Any]:
    report = state.report
    servers = report.servers if report else ()
    return {
        "url": state.link,
        "up": state.is_up,
        "problem": state.problem,
        "failing_since": state.failing_since,
        "answered_at": state.answered_at,
        "health": report.health if report else None,
        "version": report.version if report else "",
        "shard": report.shard if report else "",
        "servers_up": [one.instance for one in servers if not one.problem],
        "servers_with_problems": {one.instance: one.problem for one in servers if one.problem},
    }
