"""A server whose connections are cut is no server that is down, nor is one that restarts at once."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from exporter.connection.request import Request
from exporter.connection.resp_protocol import RespProtocol
from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.fast.topologies import wait_for
from tests.servers import RealServer, free_port


def cut(server: RealServer) -> None:
    server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def told(daemon: FastDaemon) -> list[set[tuple[str, str]]]:
    return [set(one.firing) for one in daemon.told() if one.firing]


def cut_before(
    monkeypatch: pytest.MonkeyPatch, is_hit: Callable[[bytes], bool], server: RealServer
) -> list[bytes]:
    """Cut all connections at the last moment before such commands are sent; returns what was hit."""
    send, hit = RespProtocol.send, []

    def cut_and_send(resp_protocol: RespProtocol, requests: Sequence[Request]) -> None:
        payload = b"".join(request.payload for request in requests)
        if is_hit(payload):
            hit.append(payload)
            cut(server)
        send(resp_protocol, requests)

    monkeypatch.setattr(RespProtocol, "send", cut_and_send)
    return hit


def test_connections_that_are_cut_again_and_again(start_each_server: StartServer) -> None:
    server = start_each_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("1m")
            for _ in range(40):
                await daemon.pass_time(5)
                cut(server)
            assert daemon.value("min_over_time(redis_up[200s])") == 1
            assert told(daemon) == []

    run_fast(story())


def test_connections_that_are_cut_just_as_something_is_asked(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("1m")
            seen = 0

            def is_hit(payload: bytes) -> bool:
                nonlocal seen
                seen += 1
                return seen % 4 < 2

            hit = cut_before(monkeypatch, is_hit, server)
            await daemon.pass_time("5m")
            assert any(b"INFO" in payload for payload in hit)
            # Where we say our name, which is while a connection is opened.
            assert any(b"SETNAME" in payload for payload in hit)
            assert daemon.value("min_over_time(redis_up[5m])") == 1
            assert told(daemon) == []

    run_fast(story())


def test_a_pass_that_is_cut_costs_no_sample(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("1m")
            hit = cut_before(monkeypatch, lambda payload: b"INFO" in payload and len(hit) < 3, server)
            await daemon.pass_time("1m")
            assert len(hit) == 3
            success = daemon.query("min_over_time(redis_vigil_sampler_success[1m])")
            assert set(success.values()) == {1}

    run_fast(story())


def test_who_lets_in_and_closes_at_once_is_down(start_server: StartServer) -> None:
    """As a proxy does whose server is gone."""

    async def slam(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def story() -> None:
        port = free_port()
        proxy = await asyncio.start_server(slam, "127.0.0.1", port)
        async with proxy, FastDaemon(f"redis://127.0.0.1:{port}") as daemon:
            after = await daemon.wait_until(daemon.firing, "5s")
            assert daemon.firing() == {("RedisDown", f"127.0.0.1:{port}")}
            assert after < 3
            await daemon.pass_time("1m")
            assert told(daemon) == [daemon.firing()]

    run_fast(story())


@pytest.mark.parametrize("moment", [121, 127])
def test_a_restart_in_a_second_is_no_server_that_is_down(start_server: StartServer, moment: float) -> None:
    server = start_server()
    # The server's own clock does not leap: its uptime has to be more than it will be after the restart.
    wait_for(lambda: server.client.info("server")["uptime_in_seconds"] >= 4, "some uptime")

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time(moment)
            server.kill()
            await daemon.pass_time(1)
            server.start()
            await daemon.pass_time("2m")
            assert told(daemon) == [{("RedisRestarted", server.instance)}]

    run_fast(story())


def test_a_server_that_is_killed_is_known_to_be_down_at_once(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            for moment in (121, 0.5, 0.5):
                await daemon.pass_time(moment)
                # That its connections were cut before changes nothing.
                cut(server)
            await daemon.pass_time(7)
            began = daemon.seconds
            server.kill()
            assert await daemon.wait_until(daemon.firing, "5s") - began < 2
            await daemon.pass_time("1m")
            assert told(daemon) == [{("RedisDown", server.instance)}]

    run_fast(story())
