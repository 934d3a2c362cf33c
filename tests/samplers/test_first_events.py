"""The first event of its kind is an increase: on real servers, of each kind that they count."""

import contextlib
from typing import Any

import redis

from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import Matcher, MatchOp
from tests.conftest import StartServer
from tests.samplers.canned import canned_server
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer

INFO = "# Server\r\nredis_version:7.0.15\r\nrun_id:{run_id}\r\nuptime_in_seconds:{uptime}\r\n"
ERRORS, COMMANDS = "redis_errors_total", "redis_commands_total"


def history(probe: Sampling, name: str, /, **labels: str) -> list[float]:
    """All values of a series that are held, the oldest first."""
    matchers = [Matcher(key, MatchOp.EQUAL, value) for key, value in labels.items()]
    found = probe.store.select([Matcher(METRIC_NAME, MatchOp.EQUAL, name), *matchers])
    assert len(found) <= 1
    return [value for series in found for value in series.window(0, 1 << 60)[1]]


def refuse(server: RealServer, *command: str, times: int = 1) -> None:
    """Run a command that the server answers with an error."""
    for _ in range(times):
        with contextlib.suppress(redis.RedisError):
            server.client.execute_command(*command)


def test_errors_that_say_that_a_server_is_in_trouble_stand_at_0_from_the_start(
    start_each_server: StartServer,
) -> None:
    server = start_each_server("--maxmemory", "1mb", "--maxmemory-policy", "noeviction")

    async def scenario() -> None:
        async with sampling(server, "info") as probe:
            await probe.run()
            assert probe.value(ERRORS, err="OOM") == 0.0
            assert 'redis_errors_total{err="MISCONF"} 0\n' in probe.page()
            refuse(server, "SET", "large", "x" * 2_000_000, times=3)
            refuse(server, "SET", "small", "x", times=3)
            await probe.run()
            assert history(probe, ERRORS, err="OOM") == [0.0, probe.value(ERRORS, err="OOM")]
            assert probe.total(ERRORS) >= 3

    run_async(scenario)


def test_errors_and_commands_that_come_for_the_first_time(start_each_server: StartServer) -> None:
    server = start_each_server()
    server.client.set("text", "x")

    async def scenario() -> None:
        async with sampling(server, "info") as probe:
            await probe.run()
            await probe.run()
            refuse(server, "LPUSH", "text", "1", times=4)
            server.client.append("text", "y")
            await probe.run()
            await probe.run()
            assert history(probe, ERRORS, err="WRONGTYPE") == [0.0, 4.0, 4.0]
            assert history(probe, COMMANDS, cmd="append") == [0.0, 1.0, 1.0]
            assert history(probe, "redis_commands_failed_calls_total", cmd="lpush") == [0.0, 4.0, 4.0]
            assert history(probe, "redis_commands_duration_seconds_total", cmd="append")[0] == 0.0
            # What was there before us is no event.
            assert history(probe, COMMANDS, cmd="set") == [1.0] * 4

    run_async(scenario)


def test_histograms_of_a_command_that_is_called_for_the_first_time(start_server: StartServer) -> None:
    server = start_server()
    server.client.set("text", "x")

    async def scenario() -> None:
        async with sampling(server, "info", "command_latency") as probe:
            await probe.run_together("info", "command_latency")
            server.client.append("text", "y")
            await probe.run_together("info", "command_latency")
            name = "redis_commands_latencies_usec"
            assert history(probe, f"{name}_count", cmd="append") == [0.0, 1.0]
            assert history(probe, f"{name}_sum", cmd="append")[0] == 0.0
            assert history(probe, f"{name}_bucket", cmd="append", le="+Inf") == [0.0, 1.0]
            assert history(probe, "redis_latency_percentiles_usec_count", cmd="append") == [0.0, 1.0]
            assert len(history(probe, "redis_latency_percentiles_usec", cmd="append", quantile="50.0")) == 1

    run_async(scenario)


def test_a_new_bucket_stood_at_what_the_next_lower_one_stood_at() -> None:
    said: dict[str, Any] = {
        "LATENCY HISTOGRAM": ["get", ["calls", 5, "histogram_usec", [2, 3, 16, 5]]],
        "INFO COMMANDSTATS": "cmdstat_get:calls=5,usec=9,usec_per_call=1.8",
    }

    async def scenario() -> None:
        async with canned_server(said) as port, sampling(port, "command_latency") as probe:
            await probe.run()
            said["LATENCY HISTOGRAM"] = ["get", ["calls", 8, "histogram_usec", [1, 1, 2, 4, 4, 6, 16, 8]]]
            await probe.run()
            buckets = {
                bound: history(probe, "redis_commands_latencies_usec_bucket", cmd="get", le=bound)
                for bound in ("1.0", "2.0", "4.0", "16.0", "+Inf")
            }
            assert buckets == {
                "1.0": [0.0, 1.0],
                "2.0": [3.0, 4.0],
                "4.0": [3.0, 6.0],
                "16.0": [5.0, 8.0],
                "+Inf": [5.0, 8.0],
            }
            # Another command comes along, so that all are read anew.
            said["LATENCY HISTOGRAM"] = [
                "get",
                ["calls", 9, "histogram_usec", [1, 1, 2, 4, 4, 6, 8, 7, 16, 9]],
                "set",
                ["calls", 1, "histogram_usec", [4, 1]],
            ]
            await probe.run()
            name = "redis_commands_latencies_usec_bucket"
            assert history(probe, name, cmd="get", le="8.0") == [6.0, 7.0]
            assert history(probe, name, cmd="set", le="4.0") == [0.0, 1.0]

    run_async(scenario)


def test_percentiles_that_are_switched_on_late_are_no_calls(start_server: StartServer) -> None:
    server = start_server("--latency-tracking", "no")

    async def scenario() -> None:
        async with sampling(server, "info") as probe:
            server.client.set("text", "x")
            await probe.run()
            server.command("CONFIG", "SET", "latency-tracking", "yes")
            server.client.set("text", "y")
            await probe.run()
            assert history(probe, "redis_latency_percentiles_usec_count", cmd="set") == [1.0, 2.0]

    run_async(scenario)


def test_a_first_denial_and_a_first_latency_spike(start_each_server: StartServer) -> None:
    server = start_each_server("--latency-monitor-threshold", "1")

    async def scenario() -> None:
        async with sampling(server, "info", "acl", "latency") as probe:
            await probe.run()
            refuse(server, "AUTH", "nobody", "wrong")
            server.client.eval("for i = 1, 3000000 do local x = i * i end", 0)
            await probe.run()
            name = "redis_acl_log_denials"
            assert history(probe, name, reason="auth", context="toplevel") == [0.0, probe.total(name)]
            assert probe.total(name) >= 1
            (last,) = {dict(labels)["event_name"] for labels in probe.values("redis_latency_spike_last")}
            spikes = history(probe, "redis_latency_spike_duration_seconds", event_name=last)
            assert spikes[0] == 0.0 < spikes[1]
            assert history(probe, "redis_latency_spike_last", event_name=last)[0] == 0.0

    run_async(scenario)


def test_a_first_slow_command_also_where_it_made_the_passes_fail(start_each_server: StartServer) -> None:
    server = start_each_server("--slowlog-log-slower-than", "1000")

    async def scenario() -> None:
        async with sampling(server, "info", "slowlog", timeout_seconds=0.3) as probe:
            await probe.run_together("info", "slowlog")
            with server.paused():
                await probe.run_together("info", "slowlog")
            assert probe.value("redis_vigil_sampler_success", sampler="slowlog") == 0.0
            server.client.eval("for i = 1, 3000000 do local x = i * i end", 0)
            probe.clock.ahead += 900
            for _ in range(20):
                await probe.run_together("info", "slowlog")
                if probe.value("redis_slowlog_entries_total", command="eval") is not None:
                    break
            assert history(probe, "redis_slowlog_entries_total", command="eval") == [0.0, 1.0]
            assert history(probe, "redis_slowlog_duration_seconds_count", command="eval") == [0.0, 1.0]
            buckets = history(probe, "redis_slowlog_duration_seconds_bucket", command="eval", le="10.0")
            assert buckets == [0.0, 1.0]

    run_async(scenario)


def slow(server: RealServer, times: int) -> None:
    for _ in range(times):
        server.client.eval("for i = 1, 400000 do local x = i * i end", 1, "report:17")


def test_a_pattern_that_comes_to_recur_in_a_burst_and_over_hours(start_server: StartServer) -> None:
    server = start_server("--slowlog-log-slower-than", "1000")
    name = "redis_slowlog_pattern_entries_total"

    async def burst() -> None:
        async with sampling(server, "info", "slowlog") as probe:
            await probe.run()
            for _ in range(3):
                slow(server, 2)
                probe.clock.ahead += 15
                await probe.run()
            (labels,) = probe.values(name)
            assert history(probe, name, **dict(labels)) == [0.0, 6.0]
            slow(server, 1)
            await probe.run()
            assert history(probe, name, **dict(labels)) == [0.0, 6.0, 7.0]

    async def trickle() -> None:
        async with sampling(server, "info", "slowlog") as probe:
            await probe.run()
            for _ in range(6):
                slow(server, 1)
                probe.clock.ahead += 1800
                await probe.run()
            (labels,) = probe.values(name)
            assert history(probe, name, **dict(labels)) == [5.0, 6.0]

    run_async(burst)
    server.command("SLOWLOG", "RESET")
    run_async(trickle)


def test_a_command_that_is_no_longer_refused_has_no_first_events(start_server: StartServer) -> None:
    server = start_server()
    server.command("ACL", "SETUSER", "watcher", "on", ">secret", "+@all", "-latency|histogram", "~*")
    server.client.set("text", "x")

    async def scenario() -> None:
        async with sampling(
            server, "info", "command_latency", username="watcher", password="secret"
        ) as probe:
            await probe.run()
            server.command("ACL", "SETUSER", "watcher", "+latency|histogram")
            probe.clock.ahead += 1000
            await probe.run()
            assert history(probe, "redis_commands_latencies_usec_count", cmd="set") == [1.0]

    run_async(scenario)


JOB = '{"data":{},"options":{"timestamp":1699999990000,"stacktraces":[]},"status":"created"}'
FINISHED = "redis_queue_jobs_finished_total"


def test_the_first_failed_jobs_of_queues_that_were_read_before(start_server: StartServer) -> None:
    server = start_server()
    client = server.client
    client.set("bq:mail:id", 9)
    client.lpush("bq:mail:active", "8", "9")
    client.hset("bq:mail:jobs", mapping={"8": JOB, "9": JOB})
    client.sadd("asynq:queues", "mail")
    client.lpush("asynq:{mail}:pending", "one")
    client.hset("asynq:{mail}:t:one", mapping={"msg": "x", "state": "pending"})

    async def scenario() -> None:
        async with sampling(server, "info", "queues") as probe:
            await probe.run()
            # The framework's own counters have no key yet.
            assert probe.value(FINISHED, framework="asynq", queue="mail", outcome="failed") == 0.0
            client.set("asynq:{mail}:processed", 3)
            client.set("asynq:{mail}:failed", 3)
            client.sadd("bq:mail:failed", "4", "5")
            await probe.run()
            for framework, failed in (("asynq", 3.0), ("bee-queue", 2.0)):
                labels = {"framework": framework, "queue": "mail", "outcome": "failed"}
                assert history(probe, FINISHED, **labels) == [0.0, failed]

    run_async(scenario)


def test_what_a_queue_had_counted_when_it_was_found_is_no_event(start_server: StartServer) -> None:
    server = start_server()

    async def scenario() -> None:
        async with sampling(server, "info", "queues") as probe:
            await probe.run()
            server.client.sadd("asynq:queues", "mail")
            server.client.set("asynq:{mail}:processed", 300)
            server.client.set("asynq:{mail}:failed", 200)
            for _ in range(3):
                probe.clock.ahead += 60
                await probe.run()
            assert set(history(probe, FINISHED, framework="asynq", outcome="failed")) == {200.0}

    run_async(scenario)


def test_a_server_that_is_started_again_and_one_that_takes_its_place() -> None:
    said: dict[str, Any] = {}

    def say(run_id: str, uptime: int, errors: str) -> None:
        said["INFO"] = INFO.format(run_id=run_id, uptime=uptime) + "# Errorstats\r\n" + errors

    async def scenario() -> None:
        say("a", 1000, "")
        async with canned_server(said) as port, sampling(port, "info") as probe:
            await probe.run()
            probe.clock.ahead += 15
            # The same server, started again five seconds ago.
            say("b", 5, "errorstat_NOSCRIPT:count=3\r\n")
            await probe.run()
            assert history(probe, ERRORS, err="NOSCRIPT") == [0.0, 3.0]
            # Another server at this address, which has counted for long.
            probe.clock.ahead += 15
            say("c", 5000, "errorstat_NOSCRIPT:count=3\r\nerrorstat_UNKILLABLE:count=9\r\n")
            await probe.run()
            assert history(probe, ERRORS, err="UNKILLABLE") == [9.0]

    run_async(scenario)


def test_where_errors_are_not_counted_none_is_said_to_be_0() -> None:
    said = {"INFO": INFO.format(run_id="a", uptime=9)}

    async def scenario() -> None:
        async with canned_server(said) as port, sampling(port, "info") as probe:
            await probe.run()
            assert probe.values(ERRORS) == {}

    run_async(scenario)


def test_the_moment_of_the_start_does_not_wander() -> None:
    said: dict[str, Any] = {}

    async def scenario() -> None:
        async with canned_server(said) as port, sampling(port, "info") as probe:
            starts, expected = [], probe.clock.now()
            for run_id, moved, uptime in (
                ("a", 0, 1000),
                ("a", 15, 1014),
                ("a", 15, 1029),
                ("a", 15, 1046),
                # Half a minute late, which is another moment; and another run of the same moment.
                ("a", 15, 1031),
                ("b", 15, 1046),
            ):
                expected += moved
                # However long the passes take.
                probe.clock.ahead += expected - probe.clock.now()
                said["INFO"] = INFO.format(run_id=run_id, uptime=uptime)
                await probe.run()
                starts.append(probe.value("redis_start_time_seconds"))
            first = starts[0]
            assert first is not None
            assert starts[:4] == [first] * 4
            assert starts[4] is not None
            assert 29 <= starts[4] - first <= 31
            assert starts[5] is not None
            assert abs(starts[5] - starts[4]) <= 1

    run_async(scenario)
