"""`/scrape` and `/probe` against real servers."""

import asyncio
import gzip
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from starlette.applications import Starlette

from exporter.clock import SystemClock
from exporter.config.samplers import SamplersSection
from exporter.model.key_choice import KeyChoice
from exporter.model.labels import Labels
from exporter.model.secret import Secret
from exporter.model.target import Address, Credentials, Target
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.runner import TargetRunner
from exporter.samplers.slot import SamplerPlan
from exporter.store import Store
from exporter.web.probe import Probes, ProbeSettings
from tests.conftest import StartServer
from tests.samplers.canned import canned_server
from tests.samplers.sampling import run_async
from tests.servers import RealServer, free_port


def plans(section: SamplersSection | None = None) -> Sequence[SamplerPlan]:
    section = section or SamplersSection()
    wanted = ("info", "slowlog", "latency", "clients", "config", "keys", "streams")
    return [
        SamplerPlan(spec, settings, (settings.interval.seconds if settings.interval else 15.0), 2.0)
        for spec in SAMPLERS
        if spec.name in wanted and (settings := section.section(spec.section)).is_wanted
    ]


class World:
    """Probes over some configured targets, and a client that asks them."""

    def __init__(
        self,
        targets: Sequence[Target],
        allow: Sequence[str],
        keys: Sequence[str],
        own: SamplersSection | None,
    ) -> None:
        clock, self.store = SystemClock(), Store()
        self.runners = [
            TargetRunner(target, plans(own), store=self.store, clock=clock, timeout_seconds=2.0)
            for target in targets
        ]
        self.registry = CollectorRegistry()
        settings = ProbeSettings(allow, [KeyChoice.parse(key) for key in keys], plans(), 2.0)
        probes = Probes(self, lambda: settings, self.store, clock, self.registry)
        app = Starlette(routes=list(probes.routes()))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://vigil")

    async def get(
        self, path: str = "/scrape", headers: dict[str, str] | None = None, **params: str
    ) -> httpx.Response:
        return await self.client.get(path, params=params, headers=headers)

    async def ask(self, **params: str) -> httpx.Response:
        return await self.client.get("/scrape", params=params)


@asynccontextmanager
async def world(
    *targets: Target,
    allow: Sequence[str] = (),
    keys: Sequence[str] = (),
    own: SamplersSection | None = None,
) -> AsyncIterator[World]:
    found = World(targets, allow, keys, own)
    try:
        yield found
    finally:
        await found.client.aclose()
        for runner in found.runners:
            await runner.close()


def target(server: RealServer | int, *, password: str = "", labels: dict[str, str] | None = None) -> Target:
    port = server if isinstance(server, int) else server.port
    return Target(
        f"cache-{port}",
        Address("127.0.0.1", port),
        Credentials("", Secret(password)),
        labels=Labels(labels or {}),
    )


def test_a_configured_target_without_instance_and_labels(empty_server: RealServer) -> None:
    async def scenario() -> None:
        async with world(target(empty_server, labels={"env": "prod"})) as subject:
            for name in (
                empty_server.instance,
                f"redis://{empty_server.instance}",
                f"cache-{empty_server.port}",
            ):
                answer = await subject.get(target=name)
                assert answer.status_code == 200
                assert "\nredis_up 1\n" in answer.text
                assert "instance=" not in answer.text
                assert "env=" not in answer.text
            assert list(parse_text(answer.text))

    run_async(scenario)


def test_a_target_label_that_samplers_write_too_is_not_hidden(empty_server: RealServer) -> None:
    async def scenario() -> None:
        async with world(target(empty_server, labels={"db": "main"})) as subject:
            answer = await subject.get(target=empty_server.instance)
            assert 'redis_db_keys{db="db0"} 0\n' in answer.text
            assert 'redis_up{db="main"} 1\n' in answer.text

    run_async(scenario)


def test_it_is_asked_anew_each_second(empty_server: RealServer) -> None:
    async def scenario() -> None:
        async with world(target(empty_server)) as subject:
            await subject.get(target=empty_server.instance)
            empty_server.command("SET", "a", "1")
            await asyncio.sleep(1.1)
            answer = await subject.get(path="/probe", target=empty_server.instance)
            assert 'redis_db_keys{db="db0"} 1\n' in answer.text

    run_async(scenario)


def test_openmetrics_and_gzip(empty_server: RealServer) -> None:
    async def scenario() -> None:
        async with world(target(empty_server)) as subject:
            accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
            answer = await subject.get(target=empty_server.instance, headers=accept)
            assert answer.headers["content-type"].startswith("application/openmetrics-text")
            assert answer.text.endswith("# EOF\n")
            # That parser takes quantiles of 50 and 99 percent for errors, as redis_exporter has them.
            text = re.sub(r'quantile="(\d+)(\.\d+)?"', r'quantile="0.\1"', answer.text)
            assert list(parse_openmetrics(text))
            request = subject.client.build_request(
                "GET",
                "/scrape",
                params={"target": empty_server.instance},
                headers={"Accept-Encoding": "gzip"},
            )
            response = await subject.client.send(request, stream=True)
            raw = b"".join([part async for part in response.aiter_raw()])
            assert b"redis_up 1" in gzip.decompress(raw)

    run_async(scenario)


def test_keys_and_streams_of_the_request(empty_server: RealServer) -> None:
    client = empty_server.client
    for index in range(5):
        client.set(f"user:{index}", index)
    client.xadd("orders", {"a": "1"})
    parameters = {
        "check-keys": "db0=user:*",
        "check-single-keys": "user:1,missing",
        "check-streams": "order*",
        "count-keys": "user:*,db3=user:*",
        "target": empty_server.instance,
    }

    async def scenario() -> None:
        for allow, targets in (((), [target(empty_server)]), ((r"127\.0\.0\.1:\d+",), [])):
            async with world(*targets, allow=allow, keys=["*", "db3=*"]) as subject:
                answer = await subject.client.get("/scrape", params=parameters)
                text = answer.text
                assert 'redis_key_value{db="db0",key="user:4"} 4\n' in text
                assert 'redis_key_size{db="db0",key="missing"} 0\n' in text
                assert 'redis_stream_length{db="db0",stream="orders"} 1\n' in text
                assert 'redis_keys_count{db="db0",key="user:*"} 5\n' in text
                assert 'redis_keys_count{db="db3",key="user:*"} 0\n' in text
                assert text.count("redis_up 1") == 1
                assert list(parse_text(text))

    run_async(scenario)


_OWN_KEYS = SamplersSection.model_validate(
    {
        "keys": {"check": ["user:*", "db1=one"], "check_single": ["odd*key"], "count": ["job:*"]},
        "streams": {"check": ["orders"]},
    }
)


@pytest.mark.parametrize(
    ("parameter", "value", "refused"),
    [
        ("check-keys", "user:1,user:[12],user:*,db1=one", ""),
        ("check-keys", "user:1,*", "db0=*"),
        ("check-keys", "secret", "db0=secret"),
        ("check-keys", "db1=user:1", "db1=user:1"),
        ("check-keys", "odd*key", "db0=odd*key"),
        ("check-keys", "job:*", "db0=job:*"),
        ("check-keys", "orders", "db0=orders"),
        ("check-keys", "\x1b[2J", "db0=?[2J"),
        ("check-single-keys", "odd*key,user:1,user:*", ""),
        ("check-single-keys", "job:1", "db0=job:1"),
        ("count-keys", "job:*,user:*,user:1*", ""),
        ("count-keys", "jo*", "db0=jo*"),
        ("check-streams", "orders", ""),
        ("check-streams", "order*", "db0=order*"),
        ("check-single-streams", "user:1", "db0=user:1"),
    ],
)
def test_only_keys_that_the_configuration_names_can_be_asked_for(
    parameter: str, value: str, refused: str, empty_server: RealServer
) -> None:
    empty_server.client.set("secret", 7)

    async def scenario() -> None:
        async with world(target(empty_server), own=_OWN_KEYS) as subject:
            answer = await subject.ask(target=empty_server.instance, **{parameter: value})
            assert answer.status_code == (403 if refused else 200)
            if refused:
                assert answer.text.startswith(
                    f"'{parameter}' names {refused}, which is neither in web.probe_keys"
                )
                assert answer.text.count("\n") == 1
                assert answer.text[:-1].isprintable()

    run_async(scenario)


def test_without_any_configured_keys_none_can_be_asked_for(empty_server: RealServer) -> None:
    async def scenario() -> None:
        async with world(target(empty_server), allow=[".*"], keys=["user:*"]) as subject:
            for parameters, status in (({"check-keys": "*"}, 403), ({"check-keys": "user:*"}, 200)):
                for server in (empty_server.instance, f"localhost:{empty_server.port}"):
                    answer = await subject.ask(target=server, **parameters)
                    assert answer.status_code == status

    run_async(scenario)


def test_a_server_that_is_allowed_and_not_configured(start_each_server: StartServer) -> None:
    server = start_each_server()

    async def scenario() -> None:
        async with world(allow=[r"127\.0\.0\.1:\d+"]) as subject:
            answer = await subject.get(target=server.instance)
            assert "\nredis_up 1\n" in answer.text
            assert "redis_config_maxclients 10000\n" in answer.text
            assert 'redis_vigil_sampler_success{sampler="clients"} 1\n' in answer.text
            assert "instance=" not in answer.text

    run_async(scenario)


@pytest.mark.parametrize(
    ("parameters", "status", "text"),
    [
        ({}, 400, "'target' parameter must be specified"),
        ({"target": "http://x"}, 400, "Invalid 'target' parameter: must begin with redis://"),
        ({"target": "x:y"}, 400, "the port must be a number"),
        ({"target": "redis://10.0.0.9:6379"}, 403, "is not a configured target, and web.probe_allow"),
        ({"target": "unix:///etc/passwd"}, 403, "is not a configured target"),
        ({"target": "allowed:6379.evil"}, 400, "the port must be a number"),
        # The whole of it has to match.
        ({"target": "allowed:63790"}, 403, "is not a configured target, and web.probe_allow"),
        ({"target": "not-allowed:6379"}, 403, "is not a configured target, and web.probe_allow"),
        ({"target": "allowed:6379", "check-keys": "db3="}, 400, "Invalid 'check-keys' parameter"),
        ({"target": "allowed:6379", "check-keys": ",".join(["a"] * 101)}, 400, "more than 100 keys"),
    ],
)
def test_what_is_refused(parameters: dict[str, str], status: int, text: str) -> None:
    async def scenario() -> None:
        async with world(allow=["allowed:6379"], keys=["*"]) as subject:
            answer = await subject.client.get("/scrape", params=parameters)
            assert answer.status_code == status
            assert text in answer.text
            assert b"redis_target_scrape_request_errors_total 1.0" in generate_latest(subject.registry)

    run_async(scenario)


def test_credentials_stay_with_their_server(start_server: StartServer) -> None:
    """The password of a configured server goes nowhere else, and one in the URL goes nowhere at all."""
    server = start_server("--requirepass", "hunter2")

    async def scenario() -> None:
        received: list[bytes] = []

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.append(await reader.read(65536))
            writer.close()

        spy = await asyncio.start_server(listen, "127.0.0.1", 0)
        port = spy.sockets[0].getsockname()[1]
        async with world(target(server, password="hunter2"), allow=[r"127\.0\.0\.1:\d+"]) as subject:
            configured = await subject.get(target=server.instance)
            assert "\nredis_up 1\n" in configured.text
            wrong = await subject.get(target=f"redis://user:wrong@{server.instance}")
            assert "\nredis_up 1\n" in wrong.text
            other = await subject.get(target=f"redis://user:hunter3@127.0.0.1:{port}")
            assert "\nredis_up 0\n" in other.text
            assert "hunter" not in configured.text + wrong.text + other.text
        spy.close()
        await spy.wait_closed()
        assert received
        assert not any(b"hunter" in data or b"AUTH" in data for data in received)

    run_async(scenario)


def test_an_allowed_server_that_wants_a_password_is_down(start_server: StartServer) -> None:
    server = start_server("--requirepass", "hunter2")

    async def scenario() -> None:
        async with world(allow=[r"127\.0\.0\.1:\d+"]) as subject:
            answer = await subject.get(target=server.instance)
            assert "\nredis_up 0\n" in answer.text
            assert 'redis_exporter_last_scrape_error{err="password_required"} 1\n' in answer.text

    run_async(scenario)


def test_down_and_hanging_servers_are_answered_in_time(start_server: StartServer) -> None:
    server = start_server()
    nobody = free_port()

    async def scenario() -> None:
        async with world(target(server), allow=[r"127\.0\.0\.1:\d+"]) as subject:
            answer = await subject.get(target=f"127.0.0.1:{nobody}")
            assert "\nredis_up 0\n" in answer.text
            assert 'redis_exporter_last_scrape_error{err="connection_refused"} 1\n' in answer.text
            await subject.get(target=server.instance)
            with server.paused():
                await asyncio.sleep(1.1)
                started = time.monotonic()
                deadline = {"X-Prometheus-Scrape-Timeout-Seconds": "10"}
                answer = await subject.get(target=server.instance, headers=deadline)
                assert time.monotonic() - started < 4.5
                assert "\nredis_up 0\n" in answer.text
                assert "redis_memory_used_bytes" not in answer.text
                started = time.monotonic()
                await asyncio.sleep(1.1)
                short = {"X-Prometheus-Scrape-Timeout-Seconds": "1"}
                answer = await subject.get(target=server.instance, headers=short)
                assert time.monotonic() - started < 3
                assert answer.status_code in (200, 504)

    run_async(scenario)


def test_something_that_is_no_redis_server() -> None:
    async def scenario() -> None:
        async with (
            canned_server({"": b"!HTTP/1.1 400 Bad Request\r\n\r\n"}) as port,
            world(allow=[".*"]) as subject,
        ):
            answer = await subject.get(target=f"127.0.0.1:{port}")
            assert "\nredis_up 0\n" in answer.text

    run_async(scenario)


def test_many_at_once_are_answered(empty_server: RealServer) -> None:
    async def scenario() -> None:
        async with world(target(empty_server), allow=[".*"]) as subject:
            answers = await asyncio.gather(*(subject.get(target=empty_server.instance) for _ in range(20)))
            assert {answer.status_code for answer in answers} == {200}
            many = await asyncio.gather(*(subject.get(target="127.0.0.1:1") for _ in range(60)))
            assert {answer.status_code for answer in many} <= {200, 503}

    run_async(scenario)
