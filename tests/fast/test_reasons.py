"""Servers that cannot be sampled any more: one message that names the reason, and its end."""

import socket

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast


def test_a_script_without_an_end_is_told_as_such(start_each_server: StartServer) -> None:
    server = start_each_server("--lua-time-limit", "100")

    async def story() -> None:
        config = {"global": {"sample_timeout": "1s"}}
        async with FastDaemon(config, server) as daemon:
            await daemon.pass_time("2m")
            with socket.create_connection((server.host, server.port)) as author:
                author.sendall(b"EVAL 'while true do end' 0\r\n")
                await daemon.pass_real_time(1)
                await daemon.pass_time("5m")
                assert [one.firing for one in daemon.told()] == [{("RedisBusyScript", server.instance)}]
                server.command("SCRIPT", "KILL")
            await daemon.pass_time("3m")
            # Which script it was the slow log tells, once it has ended.
            assert daemon.firing() <= {("RedisVerySlowCommand", server.instance)}
            names = {name for one in daemon.told() for name in one.alertnames}
            assert names <= {"RedisBusyScript", "RedisVerySlowCommand"}

    run_fast(story())


def test_a_password_that_is_changed_is_no_server_that_is_down(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("2m")
            server.command("CONFIG", "SET", "requirepass", "hunter2")
            server.client.client_kill_filter(_type="normal", skipme=True)
            await daemon.pass_time("5m")
            (message,) = daemon.told()
            assert message.firing == {("RedisLoginFails", server.instance)}
            assert "password required" in str(message.texts)
            server.command("CONFIG", "SET", "requirepass", "")
            await daemon.pass_time("3m")
            assert daemon.firing() == set()
            assert {name for one in daemon.told() for name in one.alertnames} == {"RedisLoginFails"}

    run_fast(story())


def test_what_is_refused_to_us_and_then_dies_is_told_as_both_one_after_the_other(
    start_server: StartServer,
) -> None:
    server = start_server("--requirepass", "hunter2")
    url = f"redis://:wrong@{server.instance}"

    async def story() -> None:
        async with FastDaemon(url) as daemon:
            await daemon.pass_time("3m")
            assert daemon.firing() == {("RedisLoginFails", server.instance)}
            server.kill()
            await daemon.pass_time("3m")
            assert daemon.firing() == {("RedisDown", server.instance)}
            assert [set(one.firing) for one in daemon.told() if one.firing] == [
                {("RedisLoginFails", server.instance)},
                {("RedisDown", server.instance)},
            ]

    run_fast(story())
