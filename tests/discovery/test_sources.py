"""Sources of servers: files, HTTP, a real cluster's nodes, real sentinels; and one that fails."""

import asyncio
import gzip
import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from exporter.clock import SystemClock
from exporter.config.discovery import ClusterSection, FileSection, HttpSection, SentinelSection
from exporter.discovery.base import Found, Source
from exporter.discovery.cluster import ClusterSource
from exporter.discovery.file import FileSource
from exporter.discovery.http import HttpSource
from exporter.discovery.manager import Discovery
from exporter.discovery.sentinel import SentinelSource
from exporter.errors import DiscoveryError, Reason
from exporter.jobs import JobScheduler
from exporter.model.labels import Labels
from exporter.model.target import Address, Target
from tests.conftest import StartServer
from tests.servers import free_port

GROUPS = [
    {"targets": ["a:1", "rediss://b"], "labels": {"env": "prod", "__meta_x": "y"}},
    {"targets": ["c:3"], "labels": {"instance": "named"}},
]


def find(source: Source) -> Sequence[Target]:
    return [found.target for found in asyncio.run(source.find())]


def names(targets: Sequence[Target]) -> list[str]:
    return sorted(target.instance for target in targets)


def file_source(folder: Path, **options: Any) -> FileSource:
    section = {"files": (str(folder / "*.json"), str(folder / "*.yml")), **options}
    return FileSource(FileSection.model_validate(section))


def test_files_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(GROUPS))
    (tmp_path / "b.yml").write_text("- targets: ['d:4']\n")
    targets = find(file_source(tmp_path, labels={"team": "web"}, username="u", password="pa55"))
    assert names(targets) == ["a:1", "b:6379", "d:4", "named"]
    by_name = {target.instance: target for target in targets}
    assert by_name["a:1"].labels == Labels({"env": "prod", "team": "web"})
    assert by_name["b:6379"].address == Address("b", tls=True)
    assert all(target.credentials.password.reveal() == "pa55" for target in targets)
    assert "pa55" not in repr(targets)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ('{"targets": []}', "must be a list"),
        ('[{"target": []}]', "must hold a list of targets"),
        ('[{"targets": ["http://h"]}]', "must begin with redis://"),
        ('[{"targets": ["h"], "labels": null}]', None),
        ('[{"targets": ["h"], "labels": []}]', "labels must be a mapping"),
        ('[{"targets": ["h"], "labels": ["a"]}]', "labels must be a mapping"),
        # Aliases make texts of them without end.
        ('[{"targets": ["h", ["x"]]}]', "[0].targets[1] must be a text"),
        ('[{"targets": ["h"], "labels": {"site": {"a": 1}}}]', "[0].labels.site must be a text"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, message: str | None) -> None:
    (tmp_path / "a.json").write_text(text)
    if message is None:
        assert names(find(file_source(tmp_path))) == ["h:6379"]
        return
    with pytest.raises(DiscoveryError) as caught:
        find(file_source(tmp_path))
    assert message in str(caught.value)
    assert "a.json" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, json.dumps(GROUPS).encode(), None),
        (500, b"", "status 500"),
        (200, b"nothing", "not JSON"),
        (200, b"[" + b" " * (9 << 20), "larger than 8 MiB"),
        (200, gzip.compress(json.dumps(GROUPS).encode()), None),
        # Some kilobytes that would be gigabytes.
        (200, gzip.compress(b" " * (64 << 20)), "larger than 8 MiB"),
        (200, b"\x1f\x8bnothing", "not gzip"),
        (200, b"[" * 100_000, "not JSON"),
    ],
)
def test_http(status: int, body: bytes, message: str | None) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if body.startswith(b"\x1f\x8b"):
                self.send_header("content-encoding", "gzip")
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/sd"
        source = HttpSource(HttpSection.model_validate({"url": url}))
        try:
            if message is None:
                assert names(find(source)) == ["a:1", "b:6379", "named"]
            else:
                with pytest.raises(DiscoveryError, match=message):
                    find(source)
        finally:
            server.shutdown()
            thread.join()


def test_http_that_nobody_serves() -> None:
    source = HttpSource(HttpSection.model_validate({"url": f"http://127.0.0.1:{free_port()}/sd"}))
    with pytest.raises(DiscoveryError, match="no answer"):
        find(source)


def test_a_real_cluster_of_two(start_server: StartServer) -> None:
    first, second = (start_server("--cluster-enabled", "yes") for _ in range(2))
    first.command("CLUSTER", "MEET", "127.0.0.1", second.port)
    section = {"urls": (f"redis://127.0.0.1:{free_port()}", first.url), "labels": {"cluster": "shop"}}
    source = ClusterSource(ClusterSection.model_validate(section))

    async def found() -> Sequence[Found]:
        for _ in range(200):
            targets = await source.find()
            if len(targets) == 2:
                return targets
            await asyncio.sleep(0.05)
        return await source.find()

    targets = [one.target for one in asyncio.run(found())]
    assert names(targets) == sorted([first.instance, second.instance])
    assert all(target.labels == Labels({"cluster": "shop"}) for target in targets)


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ({}, "127.0.0.1:{port}"),
        ({"name": "shop"}, "shop"),
        ({"labels": {"cluster": "shop"}}, "shop"),
        ({"labels": {"env": "prod"}, "name": "shop"}, "shop"),
    ],
)
def test_nodes_of_a_cluster_have_its_name_in_common(
    start_server: StartServer, options: dict[str, Any], label: str
) -> None:
    node = start_server("--cluster-enabled", "yes")
    section = ClusterSection.model_validate({"urls": (node.url,), **options})
    (target,) = find(ClusterSource(section))
    assert target.labels.get("cluster") == label.format(port=node.port)
    assert target.labels.get("env") == options.get("labels", {}).get("env", "")


def test_no_cluster_and_nobody_there(start_server: StartServer) -> None:
    plain = start_server()
    for url in (plain.url, f"redis://127.0.0.1:{free_port()}"):
        with pytest.raises(DiscoveryError):
            find(ClusterSource(ClusterSection.model_validate({"urls": (url,)})))


def test_real_sentinels(start_server: StartServer) -> None:
    primary = start_server()
    replica = start_server("--replicaof", "127.0.0.1", str(primary.port))
    sentinel = start_server("--sentinel", config=f"sentinel monitor shop 127.0.0.1 {primary.port} 1\n")
    section = {"urls": (sentinel.url,)}
    source = SentinelSource(SentinelSection.model_validate(section))

    async def found() -> Sequence[Found]:
        for _ in range(300):
            targets = await source.find()
            if len(targets) == 3:
                return targets
            await asyncio.sleep(0.05)
        return await source.find()

    targets = [one.target for one in asyncio.run(found())]
    assert names(targets) == sorted([primary.instance, replica.instance, sentinel.instance])
    labels = {target.instance: target.labels for target in targets}
    assert labels[primary.instance] == labels[replica.instance] == Labels({"master_name": "shop"})
    others = SentinelSection.model_validate({**section, "masters": ("other",), "sentinels": False})
    assert find(SentinelSource(others)) == []


class Scripted:
    """A source that says what it is told to."""

    name = "scripted"
    interval_seconds = 0.001
    refused = ()

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)

    async def find(self) -> Sequence[Found]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return [Found(Target(name, Address(name))) for name in answer]


async def started_jobs() -> JobScheduler:
    jobs = JobScheduler([], SystemClock(), CollectorRegistry())
    await jobs.start()
    return jobs


def outcomes(jobs: JobScheduler) -> dict[str, dict[str, int]]:
    """How the runs of each job ended, without what never was."""
    return {one.job.name: {end: n for end, n in one.runs.items() if n} for one in jobs.statuses}


def test_each_source_is_a_job_and_one_that_hangs_delays_no_other() -> None:
    class Hanging(Scripted):
        name = "hanging"

        async def find(self) -> Sequence[Found]:
            await asyncio.sleep(3600)
            return []

    async def run() -> None:
        told = asyncio.Event()
        down = Scripted(DiscoveryError("down"))
        down.name = "down"
        twins = [Scripted(["a"]), Scripted(["b"])]
        discovery = Discovery([Hanging(["c"]), down, *twins], told.set)
        jobs = await started_jobs()
        discovery.start(jobs)
        async with asyncio.timeout(20):
            while len(discovery.found) < 2 or not discovery.problems:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        found = outcomes(jobs)
        assert found["discovery hanging"] == {}
        assert set(found["discovery down"]) == {"failure"}
        assert set(found["discovery scripted"]) == set(found["discovery scripted (2)"]) == {"success"}
        # One that is not asked any more is no job any more, whatever it is about.
        await discovery.stop()
        assert outcomes(jobs) == {}
        await jobs.stop()

    asyncio.run(asyncio.wait_for(run(), 30))


def test_a_failing_source_keeps_its_last_servers() -> None:
    async def run() -> list[list[str]]:
        seen: list[list[str]] = []
        changed = asyncio.Event()

        def note() -> None:
            seen.append(names([one.target for one in discovery.found]))
            if len(seen) == 2:
                changed.set()

        source = Scripted(["a", "b"], DiscoveryError("down"), RuntimeError("bug"), ["b"])
        discovery = Discovery([source], note)
        jobs = await started_jobs()
        discovery.start(jobs)
        await changed.wait()
        assert discovery.failures == {"scripted": 2}
        assert discovery.problems == {}
        assert discovery.counts == {"scripted": 1}
        again = Discovery([Scripted(["c"])], lambda: None, discovery)
        assert names([one.target for one in again.found]) == ["b"]
        await discovery.stop()
        await jobs.stop()
        return seen

    assert asyncio.run(asyncio.wait_for(run(), 10)) == [["a", "b"], ["b"]]


def test_another_fault_of_a_failing_source_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        changed = asyncio.Event()
        faults = [DiscoveryError(text) for text in ("one", "one", "two")]
        discovery = Discovery([Scripted(*faults, ["a"])], lambda: changed.set() if discovery.found else None)
        jobs = await started_jobs()
        discovery.start(jobs)
        await changed.wait()
        await discovery.stop()
        failing = Discovery([Scripted(DiscoveryError("down"))], changed.set)
        changed.clear()
        failing.start(jobs)
        await changed.wait()
        await failing.stop()
        await jobs.stop()
        # A reload makes nothing better.
        assert Discovery([Scripted(["a"])], changed.set, failing).problems == {"scripted": Reason.REPLY}

    asyncio.run(asyncio.wait_for(run(), 10))
    told = [record.getMessage() for record in caplog.records]
    assert told.count("a source failed, its last servers stay") == 3


def test_discovery_has_reported_when_every_source_has_answered_or_failed() -> None:
    async def run() -> None:
        told = asyncio.Event()
        broken, good = Scripted(DiscoveryError("down")), Scripted([])
        broken.name, good.name = "broken", "good"
        discovery = Discovery([broken, good], told.set)
        before = discovery.has_reported
        jobs = await started_jobs()
        discovery.start(jobs)
        # Told although there is no server: somebody waits to hear that there is none.
        await told.wait()
        assert (before, discovery.has_reported) == (False, True)
        new = Scripted(["c"])
        again = Discovery([good, new], told.set, discovery)
        assert again.reported == {"good"}
        assert not again.has_reported
        await discovery.stop()
        await jobs.stop()

    asyncio.run(asyncio.wait_for(run(), 10))
