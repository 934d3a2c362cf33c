"""Servers that are down, hang, load, refuse or break off: they cost themselves, and nobody else."""

import asyncio
import contextlib
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Sequence

from exporter.clock import SystemClock
from exporter.config.samplers import SamplersSection
from exporter.errors import Reason
from exporter.metrics import Exposition, Format
from exporter.model.secret import Secret
from exporter.model.target import Address, Credentials, Target
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.scheduler import SampleScheduler
from exporter.samplers.slot import SamplerPlan
from exporter.samplers.target_manager import TargetManager
from exporter.store import Store
from tests.conftest import StartServer
from tests.samplers.canned import canned_server
from tests.samplers.sampling import run_async, sampling
from tests.servers import free_port

INTERVAL = 0.3
TIMEOUT = 0.6


def plans() -> Sequence[SamplerPlan]:
    section = SamplersSection()
    wanted = ("info", "slowlog", "latency", "clients")
    return tuple(
        SamplerPlan(spec, section.section(spec.section), INTERVAL, TIMEOUT)
        for spec in SAMPLERS
        if spec.name in wanted
    )


@contextlib.asynccontextmanager
async def watched(targets: Sequence[Target]) -> AsyncIterator[tuple[TargetManager, Store]]:
    store, clock = Store(), SystemClock()
    schedule = SampleScheduler(clock)
    target_manager = TargetManager(store, clock, schedule, lambda: None)
    schedule.start()
    await target_manager.sync({target: plans() for target in targets}, timeout_seconds=TIMEOUT)
    try:
        yield target_manager, store
    finally:
        await schedule.stop()
        await target_manager.close()


def at(name: str, port: int, password: str = "") -> Target:
    return Target(name, Address("127.0.0.1", port), Credentials("", Secret(password)))


def test_each_fault_stays_with_its_target(start_server: StartServer) -> None:
    good, hanging = start_server(), start_server()
    secret, full = start_server("--requirepass", "hunter2"), start_server("--maxclients", "1")
    occupant = socket.create_connection(("127.0.0.1", full.port))
    occupant.sendall(b"PING\r\n")
    occupant.recv(16)
    reasons = {
        "down": "connection_refused",
        "hanging": "timeout",
        "secret": "wrong_password",
        "full": "max_clients",
        "broken": "connection_closed",
        "strange": "protocol",
    }

    async def scenario() -> None:
        broken = {"INFO": b"!$1000\r\nredis_version:7"}
        strange = {"": b"!HTTP/1.1 400 Bad Request\r\n\r\n"}
        async with canned_server(broken) as broken_port, canned_server(strange) as strange_port:
            hanging.pause()
            targets = [
                at("good", good.port),
                at("down", free_port()),
                at("hanging", hanging.port),
                at("secret", secret.port, "wr0ng"),
                at("full", full.port),
                at("broken", broken_port),
                at("strange", strange_port),
            ]
            async with watched(targets) as (target_manager, store):
                await asyncio.sleep(2 * TIMEOUT + 3 * INTERVAL)
                page = Exposition(lambda: store.groups, Format.TEXT)
                started = time.monotonic()
                text = b"".join(page.render()).decode()
                assert time.monotonic() - started < 0.5
                assert 'redis_up{instance="good"} 1\n' in text
                for name, reason in reasons.items():
                    assert f'redis_up{{instance="{name}"}} 0\n' in text
                    error = rf'redis_exporter_last_scrape_error{{instance="{name}",err="{reason}"}} 1\n'
                    assert re.search(error, text)
                    assert f'redis_memory_used_bytes{{instance="{name}"}}' not in text
                assert "hunter2" not in text
                assert "wr0ng" not in text
                runner = target_manager.find("good")
                assert runner is not None
                status = runner.status.samplers["info"]
                assert time.time() - status.succeeded_at < 2 * INTERVAL
                assert status.passes >= (2 * TIMEOUT + 2 * INTERVAL) / INTERVAL - 1

    run_async(scenario)
    hanging.resume()
    occupant.close()


def test_a_target_that_comes_back_is_up_again(start_server: StartServer) -> None:
    server = start_server()

    async def scenario() -> None:
        async with watched([at("a", server.port)]) as (target_manager, _):
            runner = target_manager.find("a")
            assert runner is not None
            for up in (True, False, True):
                deadline = time.monotonic() + 10
                while runner.status.up is not up:
                    assert time.monotonic() < deadline
                    await asyncio.sleep(0.02)
                if up:
                    server.kill()
                else:
                    # The same port again; the attempts of the meantime came at growing distances.
                    server.start()

    run_async(scenario)


def test_a_server_that_is_loading(start_server: StartServer) -> None:
    server = start_server()
    pipeline = server.client.pipeline()
    for index in range(4000):
        pipeline.set(f"key:{index}", "x" * 50)
    pipeline.execute()
    server.command("SAVE")
    server.stop()
    server.arguments = (
        *server.arguments,
        "--key-load-delay",
        "500",
        "--loading-process-events-interval-bytes",
        "1024",
    )
    starting = threading.Thread(target=server.start)
    starting.start()

    async def scenario() -> None:
        async with sampling(server, "info", "slowlog", "memory") as probe:
            deadline = time.monotonic() + 10
            while probe.value("redis_loading_dump_file") != 1.0:
                assert time.monotonic() < deadline
                await probe.run()
            await probe.run("info")
            assert probe.value("redis_up") == 1.0
            ratio = probe.value("redis_loading_loaded_ratio")
            assert ratio is not None
            assert 0 <= ratio <= 1
            assert probe.value("redis_loading_total_bytes") is not None
            assert probe.runner.facts.server.loading
            # What is only possible afterwards costs just itself.
            assert probe.value("redis_vigil_sampler_error", sampler="memory", reason="loading") == 1.0
            assert probe.values("redis_vigil_sampler_refused") == {}

    run_async(scenario)
    starting.join()


def test_a_command_on_which_the_server_closes_the_connection_does_not_take_it_down() -> None:
    info = "# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:5\r\n"
    replies = {"INFO": info, "CONFIG": b"!", "MEMORY": []}

    async def scenario() -> None:
        async with canned_server(replies) as port, sampling(port, "info", "config", "memory") as probe:
            for _ in range(3):
                await probe.run_together("info", "config", "memory")
                assert probe.runner.status.up
                assert probe.value("redis_uptime_in_seconds") == 5.0
                assert probe.runner.status.samplers["config"].reason is Reason.CLOSED
            replies["INFO"] = b"!"
            await probe.run_together("info", "config", "memory")
            assert probe.runner.status.up is False
            assert probe.runner.status.samplers["info"].reason is Reason.CLOSED

    run_async(scenario)
