"""LATENCY HISTOGRAM from pass to pass: only what was called is read again, and nothing old stays."""

from collections.abc import Sequence
from typing import Any

from tests.conftest import StartServer
from tests.samplers.canned import canned_server
from tests.samplers.sampling import Sampling, run_async, sampling

BUCKET = "redis_commands_latencies_usec_bucket"
SUM = "redis_commands_latencies_usec_sum"
COUNT = "redis_commands_latencies_usec_count"


def histogram(*pairs: int) -> list[Any]:
    """What a server says of one command: bounds and cumulative counts."""
    return ["calls", pairs[-1], "histogram_usec", list(pairs)]


def buckets(probe: Sampling, command: str) -> dict[str, float]:
    """The buckets of a command by their bound."""
    found = {}
    for series, value in probe.values(BUCKET).items():
        labels = dict(series)
        if labels["cmd"] == command:
            found[labels["le"]] = value
    return found


def test_histograms_follow_what_the_server_says() -> None:
    said = {
        "LATENCY HISTOGRAM": ["get", histogram(1, 2, 2, 5), "set", histogram(4, 1)],
        "INFO COMMANDSTATS": "cmdstat_get:calls=5,usec=9,usec_per_call=1.8\r\n"
        "cmdstat_set:calls=1,usec=3,usec_per_call=3.0",
    }

    async def scenario() -> None:
        async with canned_server(said) as port, sampling(port, "command_latency") as probe:
            await probe.run()
            assert buckets(probe, "get") == {"1.0": 2.0, "2.0": 5.0, "+Inf": 5.0}
            assert probe.value(SUM, cmd="get") == 9.0
            await probe.run()
            assert buckets(probe, "set") == {"4.0": 1.0, "+Inf": 1.0}

            # A bucket between the others, and one command that nobody has called.
            said["LATENCY HISTOGRAM"] = ["get", histogram(1, 2, 2, 5, 8, 6), "set", histogram(4, 1)]
            said["INFO COMMANDSTATS"] = "cmdstat_get:calls=6,usec=17,usec_per_call=2.8"
            await probe.run()
            assert buckets(probe, "get") == {"1.0": 2.0, "2.0": 5.0, "8.0": 6.0, "+Inf": 6.0}
            assert probe.value(SUM, cmd="get") == 17.0
            assert probe.value(SUM, cmd="set") == 3.0

            # CONFIG RESETSTAT: the old buckets are gone, and so is a command.
            said["LATENCY HISTOGRAM"] = ["get", histogram(2, 1)]
            await probe.run()
            assert buckets(probe, "get") == {"2.0": 1.0, "+Inf": 1.0}
            assert buckets(probe, "set") == {}
            assert probe.value(COUNT, cmd="set") is None

            # The same commands, but with fewer buckets.
            said["LATENCY HISTOGRAM"] = ["get", histogram(16, 1)]
            await probe.run()
            assert buckets(probe, "get") == {"16.0": 1.0, "+Inf": 1.0}

    run_async(scenario)


def test_what_is_no_histogram_ends_one() -> None:
    wrong: Sequence[Any] = (
        ["calls", 1, "histogram_usec", [4, 1, 2, 2]],
        ["calls", 1, "histogram_usec", [1, 3, 2, 2]],
        ["calls", 1, "histogram_usec", [1, "3"]],
        ["calls", 1, "histogram_usec", [1]],
        ["calls", "1", "histogram_usec", [1, 1]],
        ["calls", 1],
        "calls",
        None,
    )
    said: dict[str, Any] = {}

    async def scenario() -> None:
        async with canned_server(said) as port, sampling(port, "command_latency") as probe:
            for one in wrong:
                said["LATENCY HISTOGRAM"] = ["get", histogram(1, 1)]
                await probe.run()
                assert buckets(probe, "get") == {"1.0": 1.0, "+Inf": 1.0}
                said["LATENCY HISTOGRAM"] = ["get", one]
                await probe.run()
                assert probe.values(BUCKET) == {}
                assert probe.value("redis_vigil_sampler_success", sampler="command_latency") == 1.0

    run_async(scenario)


def test_info_of_the_same_moment_tells_the_sums(start_server: StartServer) -> None:
    server = start_server()

    async def scenario() -> None:
        async with sampling(server, "info", "command_latency") as probe:
            await probe.run("info")
            for _ in range(3):
                server.client.set("a", "1")
                server.client.get("a")
                asked = server.client.info("commandstats")["cmdstat_info"]["calls"]
                await probe.run_together("info", "command_latency")
                # Ours, and the one that counts them.
                assert server.client.info("commandstats")["cmdstat_info"]["calls"] == asked + 2
                for command in ("get", "set"):
                    total = probe.value(SUM, cmd=command)
                    assert total == probe.value("redis_latency_percentiles_usec_sum", cmd=command)
                    assert probe.value(COUNT, cmd=command) == probe.value("redis_commands_total", cmd=command)

    run_async(scenario)
