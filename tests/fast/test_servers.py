"""Rules about one server, on real ones: what is told, and what is not because nothing is wrong."""

import contextlib
import socket

import pytest
import redis

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import RealServer

_FULL = ("--maxmemory", "16mb", "--save", "")


def fill(server: RealServer) -> None:
    """Write more than there is room for; what is refused is refused."""
    for size in (100_000, 1_000):
        with contextlib.suppress(redis.ResponseError):
            for number in range(200):
                server.client.set(f"page:{size}:{number}", b"x" * size)


def log_in_wrongly(server: RealServer, times: int) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"AUTH app wrong\r\n" * times)
        replies = b""
        while replies.count(b"\r\n") < times:
            replies += connection.recv(65536)


def names(daemon: FastDaemon) -> set[str]:
    return {name for name, _ in daemon.firing()}


def test_a_cache_at_its_limit_is_not_out_of_memory(start_server: StartServer) -> None:
    server = start_server(*_FULL, "--maxmemory-policy", "allkeys-lru")
    fill(server)

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("30m")
            assert (daemon.value("redis:memory_used:ratio") or 0) > 0.9
            assert daemon.told() == [], daemon

    run_fast(story())


def test_a_server_that_refuses_writes_is_told_with_the_way_out(start_server: StartServer) -> None:
    server = start_server(*_FULL)

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("1m")
            fill(server)
            await daemon.wait_until(daemon.told, within="2m")
            assert [message.firing for message in daemon.told()] == [{("RedisMemoryFull", server.instance)}]
            texts = " ".join(
                alert["annotations"]["recommendation"]
                for message in daemon.told()
                for alert in message.body["alerts"]
            )
            assert "CONFIG SET maxmemory" in texts
            assert "MISCONF" not in texts

    run_fast(story())


def test_queues_on_a_server_that_evicts_are_critical(start_server: StartServer) -> None:
    server = start_server(*_FULL, "--maxmemory-policy", "allkeys-lru")
    server.client.hset("bull:mail:meta", "version", "bullmq:5.0.0")
    server.client.rpush("bull:mail:wait", 1, 2)

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            found = await daemon.wait_until(lambda: "RedisBrokerEvicts" in names(daemon), within="5m")
            assert found < 300
            server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
            await daemon.wait_until(lambda: "RedisBrokerEvicts" not in names(daemon), within="5m")

    run_fast(story())


def test_a_burst_of_slow_commands_is_told_within_a_minute_and_not_after_it(start_server: StartServer) -> None:
    server = start_server("--slowlog-log-slower-than", "1000")

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("5m")
            for _ in range(15):
                server.client.eval("local t = 0 for i = 1, 400000 do t = t + i end return t", 0)
            began = daemon.seconds
            told = await daemon.wait_until(lambda: "RedisSlowCommands" in names(daemon), within="1m")
            assert told - began < 60
            await daemon.pass_time("4m")
            assert "RedisSlowCommands" not in names(daemon)
            (pattern,) = daemon.query('ALERTS{alertname="RedisSlowPattern",alertstate="firing"}')
            assert pattern.get("pattern").startswith("EVAL")

    run_fast(story())


def test_failed_logins_are_told_once_on_every_version(start_each_server: StartServer) -> None:
    server = start_each_server()
    server.command("ACL", "SETUSER", "app", "on", ">secret", "+@read", "~*")

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("2m")
            log_in_wrongly(server, 40)
            await daemon.wait_until(lambda: "RedisConnectionErrors" in names(daemon), within="3m")
            assert daemon.value("60 * redis:failed_logins:rate5m") == pytest.approx(8, abs=4)
            await daemon.pass_time("1m")
            assert {name for message in daemon.told() for name in message.alertnames} == {
                "RedisConnectionErrors"
            }

    run_fast(story())


def test_three_thousand_hashes_of_users_on_an_ordinary_server_are_no_leak(start_server: StartServer) -> None:
    server = start_server()
    pipeline = server.client.pipeline(transaction=False)
    for number in range(3000):
        pipeline.hset(f"user:{number}", mapping={"name": "x", "mail": "y"})
    pipeline.execute()

    async def story() -> None:
        config = {"samplers": {"keyspace": {"interval": "1m"}}}
        async with FastDaemon(config, server) as daemon:
            await daemon.pass_time("30m")
            assert daemon.value('redis_keyspace_pattern_keys_without_ttl{pattern="user:*"}') == 3000
            assert daemon.told() == [], daemon

    run_fast(story())
