"""What other daemons say, as the overview shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from exporter.peers.peers import PeerState
from exporter.peers.report import SEVERITIES, PeerFinding, PeerReport, PeerServer
from exporter.web.pages.moments import moment_text, span_text

MOST_FINDINGS: Final = 10
MOST_SERVERS: Final = 50


@dataclass(frozen=True, slots=True)
class PeerRow:
    """One daemon: `sign` is that of the worst there, `state` a sentence, `heard` when it has answered."""

    name: str
    href: str
    sign: str
    state: str
    servers: int
    in_need: int
    version: str
    shard: str
    heard: str


@dataclass(frozen=True, slots=True)
class FindingThere:
    """A finding of another daemon; `href` leads to its server there, `is_old` as with servers."""

    peer: str
    href: str
    finding: PeerFinding
    is_old: bool


@dataclass(frozen=True, slots=True)
class ServerThere:
    """A server of another daemon; `is_old`: as it was when that daemon answered last."""

    peer: str
    href: str
    server: PeerServer
    is_old: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """All of them. Counts are of servers, findings and daemons; findings and servers the worst first."""

    peers: Sequence[PeerRow] = ()
    findings: Sequence[FindingThere] = ()
    more_findings: int = 0
    listed: Sequence[ServerThere] = ()
    servers: int = 0
    in_need: int = 0
    critical: int = 0
    warnings: int = 0
    silent: Sequence[str] = ()
    """The names of those that do not answer."""

    @property
    def more_servers(self) -> int:
        """How many are not listed."""
        return self.servers - len(self.listed)


NOWHERE: Final = Elsewhere()
"""No other daemon."""


def look_elsewhere(states: Sequence[PeerState], now: float) -> Elsewhere:
    """Return what is known of the peers that were asked (`now` in epoch seconds)."""
    asked = [state for state in states if state.is_up is not None]
    reports = [(state, state.report) for state in asked if state.report is not None]
    needs = [one for _, report in reports for one in report.findings if one.needs_somebody]
    return Elsewhere(
        peers=[_row(state, now) for state in asked],
        findings=_findings(reports),
        more_findings=max(0, len(needs) - MOST_FINDINGS),
        listed=_servers(reports),
        servers=sum(len(report.servers) for _, report in reports),
        in_need=sum(report.in_need for _, report in reports),
        critical=sum(one.severity == "critical" for one in needs),
        warnings=sum(one.severity == "warning" for one in needs),
        silent=[state.name for state in asked if not state.is_up],
    )


def _row(state: PeerState, now: float) -> PeerRow:
    report = state.report or PeerReport("healthy")
    words = {"critical": "something critical", "warning": "warnings"}.get(report.sign, "all is well")
    since = moment_text(state.failing_since, now)
    return PeerRow(
        name=state.name,
        href=state.link,
        sign=report.sign if state.is_up else "warning",
        state=words if state.is_up else f"does not answer since {since}: {state.problem}",
        servers=len(report.servers),
        in_need=report.in_need,
        version=report.version,
        shard=report.shard,
        heard=f"{span_text(now - state.answered_at)} ago" if state.report else "never",
    )


def _findings(reports: Sequence[tuple[PeerState, PeerReport]]) -> Sequence[FindingThere]:
    """The worst of all; of each peer they are the first already."""
    found = [
        FindingThere(state.name, _href(state, one.instance), one, is_old=not state.is_up)
        for state, report in reports
        for one in report.findings[:MOST_FINDINGS]
        if one.needs_somebody
    ]
    found.sort(key=lambda one: (SEVERITIES.index(one.finding.severity), one.finding.since))
    return found[:MOST_FINDINGS]


def _servers(reports: Sequence[tuple[PeerState, PeerReport]]) -> Sequence[ServerThere]:
    found = [
        ServerThere(state.name, _href(state, one.instance), one, is_old=not state.is_up)
        for state, report in reports
        for one in report.servers[:MOST_SERVERS]
    ]
    return sorted(found, key=lambda one: one.server.order)[:MOST_SERVERS]


def _href(state: PeerState, instance: str) -> str:
    return f"{state.link}/servers/{quote(instance, safe='')}" if instance else f"{state.link}/alerts"
