import asyncio

import pytest

from tests.conftest import StartServer
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer


def test_round_trips_of_ping(each_server: RealServer) -> None:
    async def scenario() -> None:
        async with sampling(each_server, "info", "latency") as probe:
            for _ in range(3):
                await probe.run()

            assert probe.value("redis_ping_duration_seconds_count") == 3.0
            assert probe.value("redis_ping_duration_seconds_bucket", le="+Inf") == 3.0
            last = probe.value("redis_exporter_last_scrape_ping_time_seconds")
            assert last is not None
            assert 0 < last < 1
            assert probe.value("redis_vigil_connects_total") == 1.0

    run_async(scenario)


def test_a_slow_server_is_felt(start_server: StartServer) -> None:
    server = start_server()

    async def scenario() -> None:
        async with sampling(server, "latency") as probe:
            await probe.run()
            server.pause()
            running = asyncio.create_task(probe.run())
            await asyncio.sleep(0.15)
            server.resume()
            await running
            last = probe.value("redis_exporter_last_scrape_ping_time_seconds")
            assert last is not None
            assert 0.1 < last < 1

    run_async(scenario)


def test_a_ping_that_is_not_answered_counts_with_its_deadline(start_server: StartServer) -> None:
    server = start_server()

    async def scenario() -> None:
        async with sampling(server, "latency", timeout_seconds=0.2) as probe:
            await probe.run()
            with server.paused():
                await probe.run()
                assert probe.value("redis_vigil_sampler_success", sampler="latency") == 0.0
            await asyncio.sleep(0.2)
            await probe.run()
            assert probe.value("redis_ping_duration_seconds_count") == 3.0
            assert probe.value("redis_ping_duration_seconds_bucket", le="0.1") == 2.0
            assert probe.value("redis_vigil_connects_total") == 2.0

    run_async(scenario)


def test_spikes_that_the_server_noted(start_each_server: StartServer) -> None:
    server = start_each_server("--latency-monitor-threshold", "1")
    server.command("EVAL", "local n = 0 for i = 1, 3e6 do n = n + i % 7 end", "0")

    async def scenario() -> None:
        async with sampling(server, "latency") as probe:
            await probe.run()
            longest = probe.value("redis_latency_spike_max_duration_seconds", event_name="command")
            assert longest is not None
            assert longest >= 0.001
            assert probe.value("redis_latency_spike_duration_seconds", event_name="command") == longest
            last = probe.value("redis_latency_spike_last", event_name="command")
            assert last == pytest.approx(probe.clock.now(), abs=5)

    run_async(scenario)


def test_histograms_of_commands(each_empty_server: RealServer) -> None:
    for _ in range(5):
        each_empty_server.command("SET", "a", "1")
    is_old = each_empty_server.client.info("server")["redis_version"].startswith("6.")

    async def scenario() -> None:
        async with sampling(each_empty_server, "info", "command_latency") as probe:
            await probe.run()
            count = probe.value("redis_commands_latencies_usec_count", cmd="set")
            if is_old:
                assert count is None
                assert probe.values("redis_vigil_sampler_refused") == {}
                return
            assert count == 5.0
            buckets = [
                value
                for labels, value in probe.values("redis_commands_latencies_usec_bucket").items()
                if ("cmd", "set") in labels
            ]
            assert buckets == sorted(buckets)
            assert buckets[-1] == 5.0
            total = probe.value("redis_commands_latencies_usec_sum", cmd="set")
            assert total == probe.value("redis_latency_percentiles_usec_sum", cmd="set")

    run_async(scenario)
