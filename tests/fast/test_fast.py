import asyncio
import json
import threading
import time

import pytest

from tests.conftest import StartServer
from tests.fast.altered import AlteredServer
from tests.fast.daemon import FastDaemon, run_fast

_SLOW_REPLY_SECONDS = 1.5


def test_a_quiet_hour_takes_seconds_and_tells_nobody(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("1h")
            assert daemon.told() == []
            assert daemon.firing() == set()
            assert daemon.value("count_over_time(redis_up[59m])") == pytest.approx(236, abs=3)
            assert (await daemon.get("/health")).status_code == 200

    run_fast(story())


def test_a_server_that_dies_is_told_of_once_and_its_return_too(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("10m")
            server.kill()
            down = ("RedisDown", server.instance)
            await daemon.wait_until(lambda: down in daemon.firing(), within="2m")
            await daemon.pass_time("5m")
            assert [message.firing for message in daemon.told()] == [{down}]
            server.start()
            await daemon.pass_time("10m")
            assert daemon.firing() == set(), daemon
            assert {down} in [message.resolved for message in daemon.told()], daemon

    run_fast(story())


def test_a_slow_reply_is_no_timeout(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        config = {"global": {"sample_timeout": "200ms"}}
        async with FastDaemon(config, server) as daemon:
            await daemon.pass_time("1m")
            server.pause()
            asyncio.get_running_loop().run_in_executor(None, _resume_later)
            await daemon.pass_time("10m")
            assert daemon.value("min_over_time(redis_up[10m])") == 1

    def _resume_later() -> None:
        time.sleep(_SLOW_REPLY_SECONDS)
        server.resume()

    run_fast(story())


def test_a_hanging_server_costs_no_real_time(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("1m")
            with server.paused(), daemon.hanging(server.port):
                at = daemon.seconds
                told = await daemon.wait_until(lambda: daemon.told(), within="5m")
                assert told - at > 5
                assert ("RedisDown", server.instance) in daemon.firing()
            await daemon.wait_until(lambda: not daemon.firing(), within="5m")

    run_fast(story())


def test_at_real_pace_a_reply_takes_what_it_takes(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon({"global": {"sample_interval": "1s"}}, server) as daemon:
            await daemon.pass_time("1m")
            pausing = asyncio.get_running_loop().run_in_executor(None, _pause_again_and_again)
            ping = "max_over_time(redis_exporter_last_scrape_ping_time_seconds[1m])"
            try:
                await daemon.wait_really_until(lambda: (daemon.value(ping) or 0) > 0.1, 60)
            finally:
                is_seen.set()
            await pausing
            began, at = time.monotonic(), daemon.seconds
            await daemon.pass_real_time(0.5)
            assert daemon.seconds - at == pytest.approx(time.monotonic() - began, abs=0.3)

    is_seen = threading.Event()

    def _pause_again_and_again() -> None:
        # Shorter than the timeout of a sample, and not in step with the samples: one of them falls into it.
        while not is_seen.is_set():
            with server.paused():
                time.sleep(0.7)
            time.sleep(0.45)

    run_fast(story())


def test_what_does_not_come_about_says_what_was_told(start_server: StartServer) -> None:
    server = start_server()
    server.stop()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            with pytest.raises(AssertionError, match=r"(?s)not within 60 s.*RedisDown"):
                await daemon.wait_until(lambda: False, within="1m")

    run_fast(story())


def test_a_receiver_of_its_own_gets_what_it_would_get(start_server: StartServer) -> None:
    server = start_server()
    server.stop()
    slack = {"api_url": "{hook}/slack", "channel": "#redis"}
    route = {"receiver": "team", "group_by": ["alertname"]}
    routing = {"route": route, "receivers": [{"name": "team", "slack_configs": [slack]}]}

    async def story() -> None:
        async with FastDaemon(server, alertmanager=json.dumps(routing)) as daemon:
            await daemon.pass_time("2m")
            assert {message.receiver for message in daemon.messages} == {"slack"}
            assert any(server.instance in text for message in daemon.messages for text in message.texts)

    run_fast(story())


def test_a_server_whose_replies_are_altered(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        altered = await AlteredServer(server).start()
        altered.info["uptime_in_seconds"] = "77"
        altered.info["connected_clients"] = lambda real: str(int(real) + 1000)
        altered.refuse("CONFIG GET", "SLOWLOG")
        async with FastDaemon(altered.url) as daemon:
            await daemon.pass_time("1m")
            assert daemon.value("redis_uptime_in_seconds") == 77
            assert (daemon.value("redis_connected_clients") or 0) > 1000
            assert {"INFO", "CONFIG", "SLOWLOG"} <= altered.asked
            altered.delay_seconds = 0.3
            with daemon.hanging(altered.port):
                await daemon.pass_time("1m")
            assert daemon.value("redis_exporter_last_scrape_ping_time_seconds") == pytest.approx(
                0.3, abs=0.05
            )
            await altered.stop()
            await daemon.wait_until(lambda: daemon.firing(), within="1m")

    run_fast(story())


def test_the_clock_of_the_machine_can_be_set(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("1m")
            daemon.loop.clock.set_seconds = 3600.0
            daemon.loop.stand_still(60)
            await daemon.pass_time("1m")
            assert (
                daemon.value('increase(redis_vigil_clock_jumps_total{direction="forward"}[2m]) > bool 0') == 1
            )
            assert (daemon.value("redis_vigil_standstill_seconds_total") or 0) >= 60

    run_fast(story())
