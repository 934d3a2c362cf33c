"""What other daemons say, on the first page."""

import json
from typing import Any

from exporter.peers.peers import PeerState
from exporter.peers.reading import read_report
from exporter.web.pages.overview.elsewhere import MOST_FINDINGS, MOST_SERVERS, look_elsewhere
from exporter.web.pages.overview.findings import Findings
from exporter.web.pages.overview.verdict import Verdict, sum_up
from tests.peer_daemon import report

NOW = 1_700_000_600.0
NOTHING = Findings([], [], [], [], {}, 0, frozenset())


def state(name: str = "europe", problem: str = "", **keys: Any) -> PeerState:
    found = read_report(json.dumps(report(**keys)).encode())
    failing_since = NOW - 300 if problem else 0.0
    return PeerState(name, "http://10.0.0.2:9121", found, NOW - 320, failing_since, problem)


def well(name: str) -> PeerState:
    return state(name, health="healthy", findings=[], down={}, problems={})


def verdict(*states: PeerState) -> Verdict:
    return sum_up(NOTHING, [], NOW, is_expected=True, elsewhere=look_elsewhere(states, NOW))


def test_findings_and_servers_lead_to_the_other_daemon() -> None:
    found = look_elsewhere([state()], NOW)
    (finding,) = found.findings
    assert (finding.peer, finding.href) == ("europe", "https://vigil-b.example.com/servers/orders%3A6379")
    assert [(one.server.instance, one.server.sign) for one in found.listed] == [
        ("orders:6379", "critical"),
        ("cache:6379", "ok"),
    ]
    # Without an external URL there, as it is reached from here.
    (finding,) = look_elsewhere([state(daemon={"id": "b"})], NOW).findings
    assert finding.href == "http://10.0.0.2:9121/servers/orders%3A6379"


def test_one_that_does_not_answer_keeps_what_it_said_and_is_marked() -> None:
    found = look_elsewhere([state(problem="connection refused")], NOW)
    (row,) = found.peers
    assert (row.sign, row.state) == ("warning", "does not answer since 22:18: connection refused")
    assert row.heard == "5\N{NO-BREAK SPACE}min ago"
    assert all(one.is_old for one in found.findings)
    assert all(one.is_old for one in found.listed)


def test_the_same_name_at_two_daemons_is_two_servers() -> None:
    found = look_elsewhere([state("europe"), state("asia")], NOW)
    assert found.servers == 4
    assert {(one.peer, one.server.instance) for one in found.listed} == {
        (peer, name) for peer in ("europe", "asia") for name in ("orders:6379", "cache:6379")
    }


def test_what_is_shown_is_cut() -> None:
    many = [{"name": "A", "severity": "warning", "instance": f"h{number}"} for number in range(100)]
    found = look_elsewhere([state(findings=many, up=[f"h{number}" for number in range(3_000)])], NOW)
    assert (len(found.findings), found.more_findings) == (MOST_FINDINGS, 100 - MOST_FINDINGS)
    assert (len(found.listed), found.more_servers) == (MOST_SERVERS, 3_001 - MOST_SERVERS)
    assert found.in_need == 101


def test_silenced_and_good_to_know_need_nobody() -> None:
    quiet = {**report()["findings"][0], "quiet": "silenced", "instance": "cache:6379"}
    note = {**report()["findings"][0], "severity": "info", "instance": "cache:6379"}
    found = look_elsewhere([state(findings=[quiet, note], down={}, problems={})], NOW)
    assert (found.findings, found.in_need, found.peers[0].state) == ([], 0, "all is well")


def test_the_verdict_counts_all_daemons() -> None:
    assert verdict(well("a"), well("b")).sentence == "Both servers are well"
    troubled = verdict(well("a"), state("b"))
    assert (troubled.sign, troubled.sentence) == ("critical", "1 of 3 servers needs you")
    assert troubled.counts == [("critical", "1 critical")]
    silent = verdict(well("a"), PeerState("b", "http://b", None, 0.0, NOW - 60, "no answer within 2s"))
    assert (silent.sign, silent.sentence) == ("warning", "1 daemon does not answer")
    assert silent.counts == [("warning", "no answer of b")]
    # One that was not asked yet says nothing.
    unasked = verdict(PeerState("c", "http://c"))
    assert unasked.sentence == "No server has been found yet"
