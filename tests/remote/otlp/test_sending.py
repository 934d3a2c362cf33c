"""Requests by OTLP over real HTTP: what is tried again, what is dropped, what is counted."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceResponse,
)
from prometheus_client import CollectorRegistry

from exporter.clock import SystemClock
from exporter.config.otlp import OtlpSection
from exporter.remote.otlp import queue as queue_module
from exporter.remote.otlp.metrics import OtlpMetrics
from exporter.remote.otlp.payload import Payload
from exporter.remote.otlp.queue import SendQueue
from exporter.remote.otlp.sender import Sender
from tests.notify.http_listener import HANG, RESET, HttpListener, Reply

BODY = b"\x0a\x00"


def payload(number: int = 0, items: int = 10, size: int = 0) -> Payload:
    return Payload(BODY + bytes([number]) + b"x" * size, items, is_gzip=False)


class World:
    def __init__(self, section: OtlpSection, most_bytes: int, signal: str = "metrics") -> None:
        self.registry = CollectorRegistry()
        clock = SystemClock()
        self.queue = SendQueue(
            signal,
            Sender(section, signal, clock.now),
            OtlpMetrics(self.registry),
            clock,
            rng=random.Random(1),
            most_bytes=most_bytes,
        )

    def value(self, name: str, **labels: str) -> float:
        full = {"signal": "metrics", **labels}
        return self.registry.get_sample_value(f"redis_vigil_otlp_{name}", full) or 0.0


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "_FIRST_DELAY_SECONDS", 0.01)


@asynccontextmanager
async def sending(url: str, most_bytes: int = 1 << 20, **section: Any) -> AsyncIterator[World]:
    made = World(OtlpSection.model_validate({"endpoint": url, **section}), most_bytes)
    try:
        yield made
    finally:
        await made.queue.stop(0.1)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # a server and a metric, none of which tells
            await asyncio.sleep(0.005)


def test_a_request_has_the_path_of_its_signal_and_the_headers_of_the_configuration(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("from-file\n")

    async def run() -> None:
        headers = {"api-key": "s3cret", "Authorization": "Basic abc"}
        async with (
            HttpListener() as server,
            sending(
                f"{server.url}/api/v1/otlp/",
                headers=headers,
                headers_file={"x-token": str(token)},
                headers_env={"x-path": "PATH"},
            ) as world,
        ):
            world.queue.put([payload()])
            await until(lambda: world.value("sent_items_total") == 10)
            (request,) = server.requests
            assert (request.method, request.target) == ("POST", "/api/v1/otlp/v1/metrics")
            assert request.headers["content-type"] == "application/x-protobuf"
            assert request.headers["api-key"] == "s3cret"
            assert request.headers["authorization"] == "Basic abc"
            assert request.headers["x-token"] == "from-file"
            assert request.headers["x-path"]
            assert request.body == payload().body
            # A token that is exchanged holds from the next request on.
            token.write_text("other")
            world.queue.put([payload()])
            await until(lambda: len(server.requests) == 2)
            assert server.requests[1].headers["x-token"] == "other"

    asyncio.run(run())


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_the_protocol_names_is_tried_again(status: int) -> None:
    async def run() -> None:
        async with (
            HttpListener(Reply(status), Reply(status), Reply()) as server,
            sending(server.url) as world,
        ):
            world.queue.put([payload(1), payload(2)])
            await until(lambda: world.value("sent_items_total") == 20)
            assert [one.body[2] for one in server.requests] == [1, 1, 1, 2]
            reason = "rateLimited" if status == 429 else "serverError"
            assert world.value("failed_requests_total", reason=reason) == 2
            assert world.value("queue_length") == 0

    asyncio.run(run())


@pytest.mark.parametrize("first", [RESET, HANG])
def test_a_connection_that_breaks_or_hangs_is_tried_again(first: Reply) -> None:
    async def run() -> None:
        async with HttpListener(first, Reply()) as server, sending(server.url, timeout="300ms") as world:
            world.queue.put([payload()])
            await until(lambda: world.value("sent_items_total") == 10)
            assert len(server.requests) == 2

    asyncio.run(run())


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500, 501])
def test_anything_else_is_dropped_and_counted(status: int) -> None:
    async def run() -> None:
        async with HttpListener(Reply(status), Reply()) as server, sending(server.url) as world:
            world.queue.put([payload(1, 7), payload(2, 3)])
            await until(lambda: world.value("sent_items_total") == 3)
            assert world.value("dropped_items_total", reason="refused") == 7
            assert [one.body[2] for one in server.requests] == [1, 2]

    asyncio.run(run())


def test_a_receiver_that_asks_to_wait_is_left_alone_so_long() -> None:
    async def run() -> None:
        replies = Reply(429, headers={"Retry-After": "1"}), Reply()
        async with HttpListener(*replies) as server, sending(server.url) as world:
            loop = asyncio.get_running_loop()
            began = loop.time()
            world.queue.put([payload()])
            await until(lambda: world.value("sent_items_total") == 10)
            assert loop.time() - began >= 1.0

    asyncio.run(run())


def test_what_is_taken_in_part_is_counted_and_not_sent_again() -> None:
    answer = ExportMetricsServiceResponse(
        partial_success=ExportMetricsPartialSuccess(rejected_data_points=4, error_message="too old")
    )

    async def run() -> None:
        async with (
            HttpListener(Reply(body=answer.SerializeToString())) as server,
            sending(server.url) as world,
        ):
            world.queue.put([payload()])
            await until(lambda: world.value("sent_items_total") == 6)
            assert world.value("dropped_items_total", reason="rejected") == 4
            assert len(server.requests) == 1

    asyncio.run(run())


def test_an_answer_that_is_no_protobuf_rejects_nothing() -> None:
    async def run() -> None:
        async with HttpListener(Reply(body=b"\xff\xffnothing")) as server, sending(server.url) as world:
            world.queue.put([payload()])
            await until(lambda: world.value("sent_items_total") == 10)

    asyncio.run(run())


def test_while_the_receiver_is_away_the_newest_wait_in_order() -> None:
    async def run() -> None:
        async with HttpListener(Reply(503)) as server, sending(server.url, most_bytes=3000) as world:
            world.queue.put([payload(number, size=900) for number in range(6)])
            await until(lambda: len(server.requests) >= 3)
            assert world.value("queue_bytes") <= 3000
            assert world.value("dropped_items_total", reason="queue_full") == 30
            server.answer_with(Reply())
            seen = len(server.requests)
            await until(lambda: world.value("sent_items_total") == 30)
            assert [one.body[2] for one in server.requests[seen:]][-3:] == [3, 4, 5]

    asyncio.run(run())


def test_the_end_sends_what_waits_once_and_counts_the_rest() -> None:
    async def run() -> None:
        async with HttpListener(Reply(), Reply(503)) as server, sending(server.url) as world:
            world.queue.put([payload(1), payload(2), payload(3)])
            await world.queue.stop(5.0)
            assert [one.body[2] for one in server.requests] == [1, 2]
            assert world.value("sent_items_total") == 10
            assert world.value("dropped_items_total", reason="stopped") == 20

    asyncio.run(run())


def test_the_end_waits_for_nobody_beyond_its_deadline() -> None:
    async def run() -> None:
        async with HttpListener(HANG) as server, sending(server.url) as world:
            world.queue.put([payload()])
            await until(lambda: server.requests)
            loop = asyncio.get_running_loop()
            began = loop.time()
            await world.queue.stop(0.2)
            assert loop.time() - began < 5.0

    asyncio.run(run())


def test_a_secret_shows_in_no_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with HttpListener(Reply(401, b"no such key")) as server:
            host = server.url.removeprefix("http://")
            url = f"http://user:passw0rd@{host}/?token=t0ken"
            async with sending(url, headers={"api-key": "s3cret"}) as world:
                world.queue.put([payload()])
                await until(lambda: world.value("failed_requests_total", reason="clientError"))
            (request,) = server.requests
            assert request.target == "/v1/metrics?token=t0ken"
            assert request.headers["api-key"] == "s3cret"

    asyncio.run(run())
    text = caplog.text + str([record.__dict__ for record in caplog.records])
    assert "no such key" in text
    assert not [secret for secret in ("passw0rd", "t0ken", "s3cret") if secret in text]


@pytest.mark.parametrize(("tls", "is_taken"), [({}, False), ({"insecure_skip_verify": True}, True)])
def test_a_certificate_is_checked_as_configured(tls: Mapping[str, Any], is_taken: bool) -> None:
    asyncio.run(_over_tls({"tls": tls} if tls else {}, is_taken))


def test_the_authority_of_a_certificate_is_configured_by_its_file(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    asyncio.run(_over_tls({"tls": {"ca_file": str(tmp_path / "ca.pem")}}, True, authority))


async def _over_tls(section: Mapping[str, Any], is_taken: bool, authority: trustme.CA | None = None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (authority or trustme.CA()).issue_cert("localhost").configure_cert(context)
    async with HttpListener(tls=context) as server, sending(server.url, **section) as world:
        world.queue.put([payload()])
        if is_taken:
            await until(lambda: world.value("sent_items_total") == 10)
        else:
            await until(lambda: world.value("failed_requests_total", reason="other"))
            assert server.requests == []


def test_a_proxy_is_asked_for_the_receiver() -> None:
    async def run() -> None:
        async with (
            HttpListener() as proxy,
            sending("http://collector.example:4318", proxy_url=proxy.url) as world,
        ):
            world.queue.put([payload()])
            await until(lambda: world.value("sent_items_total") == 10)
            assert proxy.requests[0].target == "http://collector.example:4318/v1/metrics"

    asyncio.run(run())
