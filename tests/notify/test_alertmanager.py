"""Forwarding to Alertmanagers: each gets each alert, and none waits for another."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from exporter.clock import SystemClock
from exporter.model.http_url import HttpUrl
from exporter.model.labels import Annotations
from exporter.model.moment import Moment
from exporter.notify.alertmanager import AlertForwarder, ForwardMetrics
from tests.notify.http_listener import HANG, HttpListener, Reply
from tests.notify.real_alertmanager import running_alertmanager
from tests.notify.samples import BEGAN, NOW, alert


class World:
    """A forwarder and its metrics."""

    def __init__(self, capacity: int = 100) -> None:
        self.registry = CollectorRegistry()
        self.forwarder = AlertForwarder(
            ForwardMetrics(self.registry), SystemClock(), rng=random.Random(1), capacity=capacity
        )

    def value(self, name: str, url: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, {"alertmanager": url, **labels})


@asynccontextmanager
async def world(*urls: str, capacity: int = 100) -> AsyncIterator[World]:
    made = World(capacity)
    made.forwarder.apply(map(HttpUrl, urls))
    try:
        yield made
    finally:
        await made.forwarder.stop(0.1)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # several servers and a metric, none of which tells
            await asyncio.sleep(0.005)


def test_every_alertmanager_gets_every_alert() -> None:
    async def run() -> None:
        async with (
            HttpListener() as one,
            HttpListener() as two,
            world(f"{one.url}/", f"{two.url}/prefix") as made,
        ):
            await made.forwarder.receive([alert(), alert("b:2", resolved=True)])
            await until(lambda: bool(one.requests and two.requests))
            assert one.requests[0].target == "/api/v2/alerts"
            assert two.requests[0].target == "/prefix/api/v2/alerts"
            assert one.requests[0].body == two.requests[0].body
            assert one.requests[0].json == [
                {
                    "labels": alert().labels.as_dict(),
                    "annotations": alert().annotations.as_dict(),
                    "startsAt": "2024-01-02T03:04:05.678Z",
                    "generatorURL": alert().generator_url,
                },
                {
                    "labels": alert("b:2").labels.as_dict(),
                    "annotations": alert("b:2").annotations.as_dict(),
                    "startsAt": "2024-01-02T03:04:05.678Z",
                    "endsAt": "2024-01-02T03:04:55Z",
                    "generatorURL": alert().generator_url,
                },
            ]
            await until(lambda: made.value("redis_vigil_forwarded_alerts_total", f"{one.url}/") == 2)

    asyncio.run(run())


def test_what_a_sender_wrote_is_forwarded_as_it_was() -> None:
    async def run() -> None:
        async with HttpListener() as one, world(one.url) as made:
            written = Moment(1_764_295_200_123_456_789, 19_800)
            annotations = Annotations({"runbook": ""})
            await made.forwarder.receive([replace(alert(), annotations=annotations, starts_at=written)])
            await until(lambda: bool(one.requests))
            (posted,) = one.requests[0].json
            assert posted["annotations"] == {"runbook": ""}
            assert posted["startsAt"] == "2025-11-28T07:30:00.123456789+05:30"

    asyncio.run(run())


def test_query_is_kept_behind_the_path_and_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with (
            HttpListener(Reply(200)) as one,
            HttpListener(Reply(400)) as two,
            world(f"{one.url}/x/?token=T0P", f"{one.url}/x/?token=S3C", f"{two.url}?a=S3C") as made,
        ):
            await made.forwarder.receive([alert()])
            await until(lambda: len(one.requests) == 2 and "forwarding failed" in caplog.text)
            targets = {request.target for request in one.requests}
            assert targets == {"/x/api/v2/alerts?token=T0P", "/x/api/v2/alerts?token=S3C"}
            assert made.forwarder.urls == [f"{one.url}/x/", f"{one.url}/x/", two.url]
            sent = "redis_vigil_forwarded_alerts_total"
            await until(
                lambda: made.value(sent, f"{one.url}/x/") == made.value(sent, f"{one.url}/x/ (2)") == 1
            )
            shown = generate_latest(made.registry).decode() + caplog.text + repr(vars(made.forwarder))
            assert "T0P" not in shown
            assert "S3C" not in shown

    asyncio.run(run())


def test_one_that_hangs_delays_nobody() -> None:
    async def run() -> None:
        async with HttpListener(HANG) as one, HttpListener() as two, world(one.url, two.url) as made:
            for instance in ("a:1", "b:2", "c:3"):
                two.requests.clear()
                await made.forwarder.receive([alert(instance)])
                await until(lambda: bool(two.requests))
            assert len(one.requests) == 1

    asyncio.run(run())


def test_who_comes_back_is_told_the_present() -> None:
    async def run() -> None:
        async with HttpListener(Reply(503)) as one, world(one.url) as made:
            await made.forwarder.receive([alert(), alert("b:2")])
            await until(lambda: len(one.requests) == 1)
            await made.forwarder.receive([replace(alert(), ends_at=NOW), alert("c:3")])
            one.answer_with(Reply(200))
            await until(lambda: made.value("redis_vigil_forwarded_alerts_total", one.url) == 3)
            told = one.requests[-1].json
            assert [entry["labels"]["instance"] for entry in told] == ["a:1", "b:2", "c:3"]
            assert "endsAt" in told[0]
            assert made.value("redis_vigil_forward_errors_total", one.url, reason="serverError") == 1
            assert made.value("redis_vigil_forward_queue_length", one.url) == 0

    asyncio.run(run())


def test_state_that_changes_while_it_is_sent_is_sent_again() -> None:
    async def run() -> None:
        async with HttpListener(HANG, Reply(200)) as one, world() as made:
            made.forwarder.apply(map(HttpUrl, [one.url]))
            await made.forwarder.receive([alert()])
            await until(lambda: len(one.requests) == 1)
            await made.forwarder.receive([replace(alert(), ends_at=NOW)])
            assert made.value("redis_vigil_forward_queue_length", one.url) == 1

    asyncio.run(run())


def test_refused_alerts_are_dropped_and_counted() -> None:
    async def run() -> None:
        async with HttpListener(Reply(400), Reply(200)) as one, world(one.url) as made:
            await made.forwarder.receive([alert()])
            await until(lambda: made.value("redis_vigil_forward_dropped_alerts_total", one.url) == 1)
            await made.forwarder.receive([alert("b:2")])
            await until(lambda: made.value("redis_vigil_forwarded_alerts_total", one.url) == 1)
            assert len(one.requests) == 2

    asyncio.run(run())


def test_queue_is_bounded_and_drops_the_oldest() -> None:
    async def run() -> None:
        async with HttpListener(Reply(500)) as one, world(one.url, capacity=10) as made:
            await made.forwarder.receive([alert(f"{number}:1") for number in range(25)])
            assert made.value("redis_vigil_forward_queue_length", one.url) == 10
            assert made.value("redis_vigil_forward_dropped_alerts_total", one.url) == 15
            await until(lambda: len(one.requests) == 1)
            assert one.requests[0].json[0]["labels"]["instance"] == "15:1"

    asyncio.run(run())


def test_requests_are_bounded() -> None:
    async def run() -> None:
        async with HttpListener() as one, world(one.url, capacity=1000) as made:
            await made.forwarder.receive([alert(f"{number}:1") for number in range(600)])
            await until(lambda: made.value("redis_vigil_forwarded_alerts_total", one.url) == 600)
            assert [len(request.json) for request in one.requests] == [256, 256, 88]

    asyncio.run(run())


def test_stopping_sends_what_waits() -> None:
    async def run() -> None:
        made = World()
        async with HttpListener() as one:
            made.forwarder.apply(map(HttpUrl, [one.url]))
            await made.forwarder.receive([alert()])
            await made.forwarder.stop(2.0)
            assert len(one.requests) == 1
            await made.forwarder.receive([alert()])
            await made.forwarder.stop(2.0)

    asyncio.run(run())


def test_stopping_waits_for_nobody_who_hangs() -> None:
    async def run() -> None:
        made = World()
        async with HttpListener(HANG) as one:
            made.forwarder.apply(map(HttpUrl, [one.url, "http://127.0.0.1:1"]))
            await made.forwarder.receive([alert()])
            await until(lambda: len(one.requests) == 1)
            async with asyncio.timeout(1):
                await made.forwarder.stop(0.1)

    asyncio.run(run())


def test_reload_keeps_the_queues_of_those_that_stay() -> None:
    async def run() -> None:
        async with HttpListener(Reply(500)) as one, HttpListener() as two, world(one.url) as made:
            await made.forwarder.receive([alert()])
            await until(lambda: len(one.requests) == 1)
            made.forwarder.apply(map(HttpUrl, [one.url, two.url]))
            assert made.value("redis_vigil_forward_queue_length", one.url) == 1
            await made.forwarder.receive([alert("b:2")])
            await until(lambda: len(two.requests) == 1)
            made.forwarder.apply(map(HttpUrl, [two.url]))
            assert made.value("redis_vigil_forward_queue_length", one.url) is None

    asyncio.run(run())


def test_password_is_in_no_label() -> None:
    async def run() -> None:
        async with HttpListener() as one, world(one.url.replace("://", "://u:topsecret@")) as made:
            await made.forwarder.receive([alert()])
            await until(lambda: made.value("redis_vigil_forwarded_alerts_total", one.url) == 1)
            assert one.requests[0].headers["authorization"].startswith("Basic ")

    asyncio.run(run())


@pytest.mark.peers("prometheus-alertmanager", "amtool")
def test_alertmanager_takes_them(tmp_path: Path) -> None:
    config = {"route": {"receiver": "a"}, "receivers": [{"name": "a"}]}
    later = BEGAN + 10**9

    async def run() -> bytes:
        async with running_alertmanager(tmp_path, config, "http://x") as url, world(url) as made:
            odd = alert(x="<é> \"'\n\\", y="z")
            await made.forwarder.receive([replace(alert(), ends_at=later), replace(odd, ends_at=later)])
            await until(lambda: made.value("redis_vigil_forwarded_alerts_total", url) == 2)
            process = await asyncio.create_subprocess_exec(
                *("amtool", "alert", "query", f"--alertmanager.url={url}", "-o", "json"),
                stdout=asyncio.subprocess.PIPE,
            )
            output, _ = await process.communicate()
            return output

    told = {entry["fingerprint"]: entry for entry in json.loads(asyncio.run(run()))}
    odd = alert(x="<é> \"'\n\\", y="z")
    assert set(told) == {alert().fingerprint, odd.fingerprint}
    assert told[odd.fingerprint]["labels"] == odd.labels.as_dict()
    assert told[odd.fingerprint]["generatorURL"] == odd.generator_url
