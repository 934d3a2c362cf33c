"""Slow commands on real servers: each one is counted, or counted as lost."""

from collections.abc import Sequence

import pytest

from tests.conftest import StartServer
from tests.samplers.canned import canned_server
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer

KINDS: Sequence[tuple[str, ...]] = (
    ("GET", "a"),
    ("SET", "a", "1"),
    ("STRLEN", "a"),
    ("EXISTS", "a"),
    ("TTL", "a"),
    ("TYPE", "a"),
    ("HSET", "h", "f", "v"),
    ("HGETALL", "h"),
    ("HLEN", "h"),
    ("LPUSH", "l", "v"),
    ("LLEN", "l"),
    ("LTRIM", "l", "0", "9"),
    ("SADD", "s", "v"),
    ("SCARD", "s"),
    ("ZADD", "z", "1", "v"),
    ("ZCARD", "z"),
    ("XLEN", "x"),
    ("DBSIZE",),
    ("TOUCH", "a"),
    ("ECHO", "hello"),
)


def issue(server: RealServer, count: int) -> int:
    """Have this many commands of all kinds logged, and nothing that is not issued here.

    Returns how many were: the command that sets the threshold logs itself.
    """
    pipeline = server.client.pipeline(transaction=False)
    pipeline.execute_command("CONFIG", "SET", "slowlog-log-slower-than", "0")
    for index in range(count):
        pipeline.execute_command(*KINDS[index % len(KINDS)])
    pipeline.execute_command("CONFIG", "SET", "slowlog-log-slower-than", "-1")
    pipeline.execute()
    return count + 1


def accounted(probe: Sampling) -> float:
    return probe.total("redis_slowlog_entries_total") + probe.total("redis_slowlog_lost_entries_total")


def test_ten_thousand_slow_commands_with_a_reset_and_a_restart_in_between(
    start_each_server: StartServer,
) -> None:
    server = start_each_server("--slowlog-max-len", "128", "--slowlog-log-slower-than", "-1")

    async def scenario() -> None:
        async with sampling(server, "info", "slowlog") as probe:
            await probe.run()
            issued = 0
            for burst in (10, 100, 129, 500, 3, 1, 4000):
                issued += issue(server, burst)
                await probe.run("slowlog")
                assert accounted(probe) == issued
            issued += issue(server, 250)
            server.command("SLOWLOG", "RESET")
            issued += issue(server, 7)
            await probe.run("slowlog")
            assert accounted(probe) == issued
            server.restart()
            issued += issue(server, 4990)
            await probe.run("slowlog")

            assert issued == 10_000
            assert accounted(probe) == issued
            assert probe.value("redis_slowlog_uncertain_losses_total") == 1.0
            assert len(probe.values("redis_slowlog_entries_total")) == 21
            assert probe.total("redis_slowlog_duration_seconds_count") == probe.total(
                "redis_slowlog_entries_total"
            )

    run_async(scenario)


def test_what_a_dying_server_logged_is_not_guessed(start_each_server: StartServer) -> None:
    server = start_each_server("--slowlog-log-slower-than", "-1")

    async def scenario() -> None:
        async with sampling(server, "slowlog") as probe:
            await probe.run()
            issued = issue(server, 5)
            await probe.run()
            issue(server, 50)
            server.restart()
            await probe.run()

            assert accounted(probe) == issued
            assert probe.value("redis_slowlog_uncertain_losses_total") == 1.0

    run_async(scenario)


def test_a_reconnect_is_no_restart(start_server: StartServer) -> None:
    server = start_server("--slowlog-log-slower-than", "-1")

    async def scenario() -> None:
        async with sampling(server, "slowlog") as probe:
            await probe.run()
            issued = issue(server, 5)
            await probe.run()
            server.command("CLIENT", "KILL", "TYPE", "normal")
            issued += issue(server, 5)
            await probe.run()
            await probe.run()

            assert accounted(probe) == issued
            assert probe.value("redis_slowlog_uncertain_losses_total") == 0.0

    run_async(scenario)


def test_own_commands_are_left_out(start_each_server: StartServer) -> None:
    server = start_each_server("--slowlog-log-slower-than", "0")

    async def scenario() -> None:
        async with sampling(server, "info", "slowlog") as probe:
            for _ in range(5):
                await probe.run()
            server.command("ECHO", "hello")
            await probe.run()
            commands = {dict(labels)["command"] for labels in probe.values("redis_slowlog_entries_total")}

            assert "echo" in commands
            assert not commands & {"slowlog", "info"}

    run_async(scenario)


def test_only_what_is_new_is_read(start_server: StartServer) -> None:
    """With 10,000 entries in the log an idle pass asks for few of them."""
    server = start_server("--slowlog-log-slower-than", "-1", "--slowlog-max-len", "10000")

    async def scenario() -> None:
        async with sampling(server, "slowlog", settings={"slowlog": {"max_entries": 500}}) as probe:
            issue(server, 9_999)
            await probe.run()
            issued = issue(server, 3)
            await probe.run()
            await probe.run()
            before = int(server.client.info("stats")["total_net_output_bytes"])
            await probe.run()
            sent = int(server.client.info("stats")["total_net_output_bytes"]) - before

            assert accounted(probe) == issued
            assert sent < 10_000 + 1_000

            issued += issue(server, 700)
            await probe.run()
            assert probe.value("redis_slowlog_lost_entries_total") == 201.0
            assert accounted(probe) == issued

    run_async(scenario)


def test_a_ring_that_turns_over_fast_is_read_sooner(start_server: StartServer) -> None:
    server = start_server("--slowlog-log-slower-than", "-1", "--slowlog-max-len", "100")

    async def scenario() -> None:
        async with sampling(server, "info", "slowlog") as probe:
            await probe.run()
            probe.clock.ahead += 15
            issue(server, 20)
            await probe.run("slowlog")
            assert probe.runner.next_delay_seconds("slowlog") == pytest.approx(15 * 0.5, rel=0.1)
            probe.clock.ahead += 5
            issue(server, 99)
            await probe.run("slowlog")
            assert probe.runner.next_delay_seconds("slowlog") == pytest.approx(5 * 0.5, rel=0.1)
            probe.clock.ahead += 15
            await probe.run("slowlog")
            assert probe.runner.next_delay_seconds("slowlog") is None

    run_async(scenario)


def test_the_newest_entry_under_redis_exporters_names(start_each_server: StartServer) -> None:
    server = start_each_server("--slowlog-log-slower-than", "-1")

    async def scenario() -> None:
        async with sampling(server, "slowlog") as probe:
            await probe.run()
            assert probe.value("redis_slowlog_last_id") == 0.0
            assert probe.value("redis_last_slow_execution_duration_seconds") == 0.0
            server.command("CONFIG", "SET", "slowlog-log-slower-than", "5000")
            server.command("EVAL", "local n = 0 for i = 1, 3e6 do n = n + i % 7 end", "0")
            await probe.run()

            assert probe.value("redis_slowlog_length") == 1.0
            assert probe.value("redis_last_slow_execution_duration_seconds") == pytest.approx(
                probe.total("redis_slowlog_duration_seconds_sum")
            )
            assert probe.value("redis_slowlog_entries_total", command="eval") == 1.0
            assert probe.value("redis_slowlog_duration_seconds_bucket", command="eval", le="0.005") == 0.0
            assert probe.value("redis_slowlog_duration_seconds_bucket", command="eval", le="+Inf") == 1.0

    run_async(scenario)


def test_what_came_before_counts_where_it_is_all_there_was(start_server: StartServer) -> None:
    """Started anew, the daemon finds the count that it left: nothing seems to have happened meanwhile."""
    server = start_server("--slowlog-log-slower-than", "-1", "--slowlog-max-len", "128")

    async def scenario() -> None:
        issued = 0
        for count in (5, 20):
            issued += issue(server, count)
            for _ in range(2):
                async with sampling(server, "info", "slowlog") as probe:
                    await probe.run()
                    assert accounted(probe) == issued
                    issued += issue(server, 3)
                    await probe.run()
                    assert accounted(probe) == issued

    run_async(scenario)


@pytest.mark.parametrize("how", ["full", "emptied"])
def test_what_came_before_counts_for_nothing_where_some_is_gone(start_server: StartServer, how: str) -> None:
    server = start_server("--slowlog-log-slower-than", "-1", "--slowlog-max-len", "16")
    issue(server, 40)
    if how == "emptied":
        server.command("SLOWLOG", "RESET")
        issue(server, 3)

    async def scenario() -> None:
        async with sampling(server, "slowlog") as probe:
            await probe.run()
            assert accounted(probe) == 0
            issued = issue(server, 3)
            await probe.run()
            assert accounted(probe) == issued

    run_async(scenario)


def test_the_slow_log_of_redis_enterprise() -> None:
    args = [["zrange", "board:7", "0", "-1"], ["zrange", "board:6", "0", "-1"], ["unlink", "cart:5"]]
    ring = [[7 - index, 1700000000, 41000, "N:8192", words] for index, words in enumerate(args)]
    stats = "cmdstat_zrange:calls=3,calls_master=1,usec=68,usec_per_call=21\r\n"
    replies = {
        "INFO": f"# Server\r\nredis_version:7.4.0\r\n\r\n# Commandstats\r\n{stats}",
        "SLOWLOG LEN": 3,
        "SLOWLOG GET": ring,
        "CONFIG": Exception("ERR unknown command 'CONFIG'"),
    }

    async def scenario() -> None:
        async with canned_server(replies) as port, sampling(port, "info", "slowlog") as probe:
            await probe.run()
            assert probe.value("redis_slowlog_last_id") == 7.0
            assert probe.value("redis_slowlog_entries_total", command="zrange") == 2.0
            ring.insert(0, [8, 1700000001, 2_000_000, "N:1", ["unlink", "cart:6"]])
            replies["SLOWLOG LEN"] = 4
            await probe.run()
            assert probe.value("redis_slowlog_entries_total", command="unlink") == 2.0
            assert probe.value("redis_slowlog_lost_entries_total") == 0.0
            assert probe.value("redis_last_slow_execution_duration_seconds") == 2.0

    run_async(scenario)
