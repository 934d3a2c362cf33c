"""What a server refuses costs just its part; and the lines of the document are enough."""

import asyncio
import re
import time
from functools import partial
from pathlib import Path

import pytest

from exporter.sampling.command_support import RETRY_SECONDS
from tests.conftest import StartServer
from tests.samplers.canned import canned_server
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs" / "permissions.md"
DEFAULT = ("info", "slowlog", "latency", "command_latency", "clients", "config", "changes", "memory", "acl")
# What is left without the command: (sampler, command as the metric names it), or the sampler as a whole.
PARTS = {
    "+ping": ("latency", ""),
    "+slowlog|len": ("slowlog", ""),
    "+slowlog|get": ("slowlog", ""),
    "+commandlog|len": ("slowlog", "COMMANDLOG LEN slow"),
    "+latency|latest": ("latency", "LATENCY LATEST"),
    "+latency|histogram": ("command_latency", "LATENCY HISTOGRAM"),
    "+client|list": ("clients", ""),
    "+config|get": ("config", ""),
    "+memory|stats": ("memory", ""),
    "+acl|log": ("acl", ""),
    "+acl|list": ("changes", "ACL LIST"),
}


def documented(server: RealServer) -> list[str]:
    """The words of the line that the document has for this server."""
    version = server.client.info("server")
    heading = "Redis 6.2" if version["redis_version"].startswith("6.") else "Redis 7.0"
    heading = "Valkey 8.1" if "valkey_version" in version else heading
    match = re.search(rf"^{heading}[^`]*```\n(.*?)\n```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    assert match is not None
    return match[1].split()


def allow(server: RealServer, words: list[str]) -> None:
    server.command("ACL", "DELUSER", "vigil")
    server.command(*words)
    server.command("ACL", "LOG", "RESET")


def test_the_documented_user_is_enough(start_each_server: StartServer) -> None:
    server = start_each_server()
    allow(server, documented(server))

    async def scenario() -> None:
        async with sampling(server, *DEFAULT, username="vigil", password="change-me") as probe:
            for _ in range(3):
                await probe.run()
            await probe.run("info")
            assert probe.value("redis_up") == 1.0
            assert probe.values("redis_vigil_sampler_refused") == {}
            assert probe.values("redis_vigil_sampler_error") == {}
            assert probe.value("redis_config_maxclients") == 10_000.0
            assert probe.value("redis_clients_by_name", name="redis-vigil") == 1.0

    run_async(scenario)
    assert server.command("ACL", "LOG") == []


def for_keys(server: RealServer) -> list[str]:
    """What the document adds for those samplers that read keys."""
    match = re.search(
        r"^## Keyspace and queues\n.*?```\n(.*?)\n```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL
    )
    assert match is not None
    is_old = "valkey_version" not in server.client.info("server")
    return [word for word in match[1].split() if not (is_old and word == "+client|no-touch")]


def test_the_documented_user_for_keyspace_and_queues(start_each_server: StartServer) -> None:
    server = start_each_server()
    allow(server, [*documented(server), *for_keys(server)])
    client = server.client
    for index in range(20):
        client.set(f"user:{index}", "x", ex=1000)
        client.hset(f"session:{index}", "a", 1)
    client.hset("bull:mail:meta", "version", "bullmq:5.0.0")
    client.rpush("bull:mail:wait", 1, 2)
    client.zadd("bull:mail:delayed", {"3": 1})
    client.xadd("orders", {"a": "1"})
    client.xgroup_create("orders", "billing", id="0")

    async def scenario() -> None:
        async with sampling(
            server, *DEFAULT, "queues", "keyspace", username="vigil", password="change-me"
        ) as probe:
            deadline = time.monotonic() + 20
            while probe.value("redis_keyspace_scan_progress_ratio") != 1.0 or not probe.values(
                "redis_keyspace_pattern_keys"
            ):
                assert time.monotonic() < deadline
                await probe.run()
                await asyncio.sleep(0.05)
            assert probe.values("redis_vigil_sampler_refused") == {}
            assert probe.values("redis_vigil_sampler_error") == {}
            queues = {dict(labels)["queue"] for labels in probe.values("redis_queue_jobs")}
            assert {"mail", "orders"} <= {name.partition("/")[0] for name in queues}

    run_async(scenario)
    assert server.command("ACL", "LOG") == []


def test_the_documented_user_in_a_cluster(start_each_server: StartServer) -> None:
    server = start_each_server("--cluster-enabled", "yes")
    allow(server, documented(server))

    async def scenario() -> None:
        async with sampling(server, *DEFAULT, username="vigil", password="change-me") as probe:
            for _ in range(3):
                await probe.run()
            assert probe.value("redis_cluster_state") is not None
            assert probe.values("redis_vigil_sampler_refused") == {}

    run_async(scenario)
    assert server.command("ACL", "LOG") == []


def test_each_command_costs_just_its_part(each_empty_server: RealServer) -> None:
    server = each_empty_server
    line = documented(server)

    async def without(word: str) -> None:
        allow(server, [other for other in line if other != word])
        sampler, command = PARTS[word]
        async with sampling(server, *DEFAULT, username="vigil", password="change-me") as probe:
            for _ in range(2):
                await probe.run()
            await probe.run("info")
            failed = {dict(labels)["sampler"] for labels in probe.values("redis_vigil_sampler_error")}
            refused = probe.values("redis_vigil_sampler_refused")
            assert failed == (set() if command else {sampler})
            if command:
                found = {(dict(labels)["sampler"], dict(labels)["command"]) for labels in refused}
                assert (sampler, command) in found
                assert {dict(labels)["reason"] for labels in refused} == {"permission"}
            assert probe.value("redis_up") == 1.0

    for word in set(line) & PARTS.keys():
        run_async(partial(without, word))
    server.command("ACL", "DELUSER", "vigil")


def test_without_info_the_server_is_up_and_the_rest_goes_on(start_each_server: StartServer) -> None:
    server = start_each_server()
    allow(server, [word for word in documented(server) if word != "+info"])

    async def scenario() -> None:
        async with sampling(server, *DEFAULT, username="vigil", password="change-me") as probe:
            for _ in range(2):
                await probe.run()
            assert probe.value("redis_up") == 1.0
            assert probe.value("redis_exporter_last_scrape_error", err="permission") == 1.0
            assert probe.value("redis_slowlog_length") is not None
            assert probe.value("redis_ping_duration_seconds_count") == 2.0

    run_async(scenario)


def test_a_refusal_is_told_once_and_tried_again_rarely(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server()
    line = documented(server)
    allow(server, [word for word in line if word not in ("+latency|latest", "+memory|stats")])

    def denials() -> int:
        entries = server.command("ACL", "LOG")
        return sum(int(dict(zip(entry[::2], entry[1::2], strict=True))["count"]) for entry in entries)

    async def scenario() -> None:
        async with sampling(
            server, "info", "latency", "memory", username="vigil", password="change-me"
        ) as probe:
            for _ in range(5):
                await probe.run()
            assert denials() == 2
            told = [record for record in caplog.records if record.levelname == "WARNING"]
            assert len(told) == 2
            probe.clock.ahead += RETRY_SECONDS
            await probe.run()
            assert denials() == 4
            allow(server, line)
            probe.clock.ahead += RETRY_SECONDS
            await probe.run()
            await probe.run("info")
            assert probe.values("redis_vigil_sampler_refused") == {}
            assert probe.value("redis_memory_stats_keys") == 0.0

    run_async(scenario)
    assert denials() == 0


def test_a_renamed_command_costs_just_its_part(start_each_server: StartServer) -> None:
    server = start_each_server(config='rename-command LATENCY ""\nrename-command SLOWLOG ""\n')

    async def scenario() -> None:
        async with sampling(server, *DEFAULT) as probe:
            for _ in range(2):
                await probe.run()
            await probe.run("info")
            assert (
                probe.value("redis_vigil_sampler_error", sampler="slowlog", reason="unknown_command") == 1.0
            )
            assert probe.value("redis_ping_duration_seconds_count") == 2.0
            assert probe.value("redis_config_maxclients") == 10_000.0

    run_async(scenario)


def test_errors_that_are_not_about_the_command_cost_the_pass_only() -> None:
    replies = {
        "INFO": "# Server\r\nredis_version:7.0.0\r\n",
        "MEMORY STATS": Exception("LOADING Redis is loading"),
    }

    async def scenario() -> None:
        async with canned_server(replies) as port, sampling(port, "info", "memory") as probe:
            await probe.run()
            await probe.run("info")
            assert probe.value("redis_vigil_sampler_error", sampler="memory", reason="loading") == 1.0
            replies["MEMORY STATS"] = ["keys.count", 5]
            await probe.run()
            assert probe.value("redis_memory_stats_keys") == 5.0

    run_async(scenario)


def test_server_that_knows_no_info_all() -> None:
    replies = {
        "INFO ALL": Exception("ERR syntax error"),
        "INFO": "# Server\r\nredis_version:2.8.0\r\nuptime_in_seconds:7\r\n",
    }

    async def check(probe: Sampling) -> None:
        for _ in range(2):
            await probe.run()
            assert probe.value("redis_uptime_in_seconds") == 7.0

    async def scenario() -> None:
        async with canned_server(replies) as port, sampling(port, "info") as probe:
            await check(probe)

    run_async(scenario)


def test_the_readme_gives_a_line_of_the_document() -> None:
    found = re.findall(r"ACL SETUSER [^`\n]+", (ROOT / "README.md").read_text())

    assert found
    assert set(found) <= set(DOCUMENT.read_text().splitlines())
