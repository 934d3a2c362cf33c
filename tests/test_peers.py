"""Other daemons: what they say is taken within bounds, and their faults are theirs."""

import asyncio
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import ValidationError

from exporter.clock import SystemClock
from exporter.config.fields import Context
from exporter.config.main import Config
from exporter.config.peers import PeerSection
from exporter.errors import PeerError
from exporter.peers.client import PeerClient
from exporter.peers.peers import Peers
from exporter.peers.reading import read_report
from exporter.peers.report import PeerServer
from exporter.timing.job import Job
from tests.peer_daemon import PeerDaemon, peer_daemon, report
from tests.servers import free_port

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=20),
    lambda inner: (
        some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture
def peer() -> Iterator[PeerDaemon]:
    with peer_daemon() as state:
        yield state


def section(**keys: Any) -> PeerSection:
    return PeerSection.model_validate(keys)


def ask(**keys: Any) -> Any:
    return asyncio.run(PeerClient(section(**keys)).ask())


class Jobs:
    """Runs jobs when the test says so."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        assert job.name not in self.jobs
        self.jobs[job.name] = job

    async def remove(self, name: str) -> None:
        self.jobs.pop(name, None)

    def run_soon(self, name: str) -> None:
        raise AssertionError(name)

    async def run(self) -> None:
        for job in list(self.jobs.values()):
            await job.run()


def test_what_a_daemon_says(peer: PeerDaemon) -> None:
    found = ask(url=peer.url)
    assert found.health == "unhealthy"
    assert found.servers == [
        PeerServer("orders:6379", "connection refused", "critical", "connection refused"),
        PeerServer("cache:6379"),
    ]
    (finding,) = found.findings
    assert (finding.severity, finding.title, finding.since) == (
        "critical",
        "Redis orders:6379 is down",
        1_700_000_000.0,
    )
    assert (found.in_need, found.sign, found.version, found.shard) == (1, "critical", "0.3.0", "2/2")
    # Peers of peers are left out, so that two which are each other's do not tell of themselves.
    assert peer.asked == [("/health?peers=0", "")]


def test_a_path_a_query_and_a_way_in(peer: PeerDaemon, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    keys = {"authorization": {"credentials_file": str(tmp_path / "token")}}
    ask(url=f"{peer.url}/vigil/?tenant=a", **keys)
    assert peer.asked == [("/vigil/health?tenant=a&peers=0", "Bearer s3cret")]
    (tmp_path / "token").write_text("other\n")
    peer.status = 401
    with pytest.raises(PeerError, match="another user or password") as caught:
        ask(url=peer.url, **keys)
    assert peer.asked[-1][1] == "Bearer other"
    assert "other" not in str(caught.value).replace("another", "")
    ask_with_password = section(url=peer.url.replace("http://", "http://user:pa55@"))
    assert "pa55" not in f"{ask_with_password!r}{ask_with_password.shown_name}"


def test_an_older_version(peer: PeerDaemon) -> None:
    old = report()
    del old["daemon"]
    del old["findings"][0]["since"]
    peer.body = json.dumps({**old, "something_new": {"a": [1]}}).encode()
    found = ask(url=peer.url)
    assert (found.daemon, found.external_url, found.findings[0].since) == ("", "", 0.0)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, b"", "is not JSON"),
        (200, b"<html>", "is not JSON"),
        (503, b"<html>upstream", "status 503"),
        (404, b"", "status 404"),
        (200, b"[]", "no redis-vigil"),
        (200, b'{"health": "fine"}', "no redis-vigil"),
        (200, b'{"health": ["healthy"]}', "no redis-vigil"),
        (200, b"[" * 200_000, "nested too deep|is not JSON|values"),
        (200, b'{"a":' * 100_000, "nested too deep|is not JSON|values"),
        (200, b'{"health": "healthy", "up": [' + b"1," * 600_000 + b"1]}", "values"),
        (200, b" " * (5 << 20), "larger than 4 MiB"),
    ],
)
def test_hostile_answers(peer: PeerDaemon, status: int, body: bytes, message: str) -> None:
    peer.status, peer.body = status, body
    with pytest.raises(PeerError, match=message):
        ask(url=peer.url, timeout="10s")


def test_an_answer_that_unpacks_to_gigabytes(peer: PeerDaemon) -> None:
    peer.body, peer.headers = gzip.compress(b" " * (64 << 20)), {"content-encoding": "gzip"}
    with pytest.raises(PeerError, match="larger than 4 MiB"):
        ask(url=peer.url, timeout="10s")


def test_nobody_answers_in_time(peer: PeerDaemon) -> None:
    peer.hold.clear()
    began = time.monotonic()
    with pytest.raises(PeerError, match="no answer within 300ms"):
        ask(url=peer.url, timeout="300ms")
    assert time.monotonic() - began < 3
    with pytest.raises(PeerError, match="cannot connect"):
        ask(url=f"http://127.0.0.1:{free_port()}")


@given(JSON)
def test_any_json_is_a_report_or_none(data: Any) -> None:
    read_all(data)
    if isinstance(data, dict):
        read_all({"health": "healthy", **data})


@given(some.dictionaries(some.sampled_from(sorted(report())), JSON))
def test_any_value_of_any_key(keys: dict[str, Any]) -> None:
    read_all({**report(), **keys})
    read_all(report(findings=[{**report()["findings"][0], **keys}]))


def read_all(data: Any) -> None:
    try:
        found = read_report(json.dumps(data).encode())
    except PeerError:
        return
    assert found.sign in ("critical", "warning", "info", "ok")
    assert all(one.instance == str(one.instance) for one in found.servers)
    assert all(one.since >= 0 for one in found.findings)


def test_what_is_too_much_is_cut() -> None:
    body = report(
        up=[f"h{number}" for number in range(20_000)],
        findings=[{"name": "x" * 5_000, "severity": "critical"}] * 5_000,
    )
    found = read_report(json.dumps(body).encode())
    assert (len(found.servers), len(found.findings), len(found.findings[0].name)) == (10_000, 2_000, 1_000)
    # Those in trouble stay.
    assert found.servers[0].instance == "orders:6379"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//h", "http://", 7])
def test_links_lead_to_http_only(url: Any) -> None:
    found = read_report(json.dumps(report(daemon={"external_url": url})).encode())
    assert found.external_url == ""


def test_they_are_asked_in_the_background_and_keep_what_they_said(peer: PeerDaemon) -> None:
    registry, jobs = CollectorRegistry(), Jobs()
    peers = Peers("a", SystemClock(), registry)

    def told() -> tuple[bool | None, float, str]:
        (state,) = peers.states
        return state.is_up, state.failing_since, state.problem

    async def story() -> None:
        peers.start(jobs, [section(url=peer.url, name="europe")])
        assert told() == (None, 0.0, "")
        assert b"redis_vigil_peer_up{" not in generate_latest(registry)
        await jobs.run()
        assert told() == (True, 0.0, "")
        assert peers.states[0].link == "https://vigil-b.example.com"
        assert b'redis_vigil_peer_up{peer="europe"} 1.0' in generate_latest(registry)
        peer.status = 500
        await jobs.run()
        first = told()
        await jobs.run()
        assert told() == first
        assert (first[0], first[2]) == (False, "it answers with status 500")
        assert peers.states[0].report is not None
        assert b'redis_vigil_peer_up{peer="europe"} 0.0' in generate_latest(registry)
        peer.status = 200
        await jobs.run()
        assert told() == (True, 0.0, "")

    asyncio.run(story())


def test_oneself_in_the_list_is_left_out(peer: PeerDaemon) -> None:
    """So all daemons can have the same configuration."""
    jobs = Jobs()
    peers = Peers("b", SystemClock(), CollectorRegistry())

    async def story() -> None:
        peers.start(jobs, [section(url=peer.url)])
        await jobs.run()

    asyncio.run(story())
    assert peers.states == []


def test_a_reload_goes_over_to_other_peers(peer: PeerDaemon) -> None:
    jobs = Jobs()
    peers = Peers("a", SystemClock(), CollectorRegistry())

    async def story() -> None:
        one = section(url=peer.url, name="one")
        peers.start(jobs, [one])
        await jobs.run()
        await peers.apply(
            [section(url="http://127.0.0.1:1", name="two"), section(url=peer.url, name="one", timeout="1s")]
        )
        assert sorted(jobs.jobs) == ["peer one", "peer two"]
        assert [state.is_up for state in peers.states] == [None, True]
        await peers.apply([])
        assert (peers.states, jobs.jobs) == ([], {})

    asyncio.run(story())


@pytest.mark.parametrize(
    ("peers", "message"),
    [
        ([{"url": "vigil-2:9121"}], "http:// or https://"),
        ([{"url": "http://h:1"}, {"url": "http://h:1/x"}], "is peers[0] already"),
        ([{"url": "http://h:1", "basic_auth": {}, "authorization": {}}], "at most one of"),
        ([{"url": "http://h:1", "timeout": "0s"}], "longer than 0"),
    ],
)
def test_mistakes(peers: list[dict[str, Any]], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"peers": peers}, context=Context(tmp_path))
    assert message in str(caught.value)
