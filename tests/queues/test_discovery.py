"""Queues that appear while the daemon runs: how soon they are seen, and what looking for them takes."""

import asyncio

import pytest
import redis

from exporter.config.samplers.queues import QueuesSection
from exporter.keyspace import KeyspaceSampler
from exporter.queues import QueuesSampler
from exporter.sampling.server_info import ServerInfo
from tests.conftest import StartServer
from tests.queues import recorded
from tests.queues.reading import Watcher
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer

AT = 1_700_000_000.0


def client_of(server: RealServer, database: int) -> "redis.Redis":
    return redis.Redis(port=server.port, db=database, protocol=2)


def test_queues_in_new_databases_are_seen_within_half_a_minute(empty_server: RealServer) -> None:
    dumps = {number: f"{name}-filled.json" for number, name in enumerate(
        ("bullmq6", "bull4", "celery", "rq", "sidekiq", "dramatiq", "huey", "saq", "bee-queue", "arq"), 3
    )}  # fmt: skip
    with Watcher(empty_server.url) as watcher:
        watcher.facts.provide(ServerInfo(run_id="known"))
        assert watcher.sample(AT) == {}
        expected = set()
        for number, name in dumps.items():
            client = client_of(empty_server, number)
            document = recorded.load(recorded.FOLDER / name)
            recorded.restore(document, client)
            client.close()
            sizes = {**watcher.facts.server.keys_by_database, number: 10}
            watcher.facts.provide(ServerInfo(run_id="known", keys_by_database=sizes))
            expected |= {(document["expected"]["framework"], queue) for queue in document["expected"]["jobs"]}
        watcher.sample(AT + 15)
        watcher.sample(AT + 30)
        watcher.finish_walk()
        assert expected <= set(watcher.sample(AT + 45))


def test_what_an_index_names_is_read_in_the_very_pass_that_finds_it(empty_server: RealServer) -> None:
    with Watcher(empty_server.url) as watcher:
        watcher.facts.provide(ServerInfo(run_id="known"))
        assert watcher.sample(AT) == {}
        client = client_of(empty_server, 7)
        document = recorded.load(recorded.FOLDER / "rq-filled.json")
        recorded.restore(document, client)
        client.close()
        # INFO names the database: that is reason enough, whatever the time.
        watcher.facts.provide(ServerInfo(run_id="known", keys_by_database={7: 2}))
        found = {queue for framework, queue in watcher.sample(AT + 15) if framework == "rq"}
        assert found >= set(document["expected"]["jobs"])


def test_a_server_without_other_databases_is_asked_for_them_once(start_server: StartServer) -> None:
    server = start_server("--databases", "1")
    server.client.sadd("rq:queues", "rq:queue:mail")
    with Watcher(server.url) as watcher:
        watcher.facts.provide(ServerInfo(run_id="known", keys_by_database={0: 1, 3: 1}))
        for passed in (0, 15, 30, 45, 60):
            assert ("rq", "mail") in watcher.sample(AT + passed)
    assert server.client.info("commandstats")["cmdstat_select"]["failed_calls"] == 1


def test_where_nothing_is_written_nothing_is_looked_for(empty_server: RealServer) -> None:
    async def check() -> None:
        async with sampling(empty_server, "info", "queues") as found:
            await found.run()
            await found.run()
            empty_server.client.config_resetstat()
            for _ in range(5):
                found.clock.ahead += 60
                await found.run()
            used = empty_server.client.info("commandstats")
            assert not {"cmdstat_scan", "cmdstat_sscan", "cmdstat_type"} & set(used)
            empty_server.client.set("something", 1)
            await found.run("info")
            found.clock.ahead += 60
            await found.run("queues")
            # The walk goes on in the background.
            for _ in range(200):
                if "cmdstat_scan" in empty_server.client.info("commandstats"):
                    break
                await asyncio.sleep(0.05)
            else:
                pytest.fail("nothing was looked for")

    run_async(check)


def test_a_blocked_client_is_a_reason_to_look(empty_server: RealServer) -> None:
    with Watcher(empty_server.url, QueuesSection.model_validate({"discovery_interval": "10h"})) as watcher:
        assert watcher.sample(AT) == {}
        empty_server.client.hset("bull:mail:meta", "version", "bullmq:6.7.0")
        empty_server.client.lpush("bull:mail:wait", "1")
        client = client_of(empty_server, 0)
        client.blpop(["nothing"], timeout=0.01)
        # The pass that looks into the indexes sees the connection, the next one begins to walk.
        watcher.sample(AT + 30)
        watcher.sample(AT + 45)
        watcher.finish_walk()
        assert ("bullmq", "mail") in watcher.sample(AT + 60)
        client.close()


def test_names_that_the_keyspace_scan_comes_by_are_looked_at_as_they_pass(empty_server: RealServer) -> None:
    settings = {
        "keyspace": {"budget": "unlimited", "interval": "10m"},
        "queues": {"discovery_interval": "10h", "index_interval": "10h"},
    }

    async def check() -> None:
        async with sampling(empty_server, "keyspace", "queues", settings=settings) as found:
            await found.run("queues")
            empty_server.client.hset("bull:mail:meta", "version", "bullmq:6.7.0")
            empty_server.client.lpush("bull:mail:wait", "1")
            for number in range(200):
                empty_server.client.set(f"bull:mail:{number}", "x")
            await scan_once(found)
            await found.run("queues")
            sampler = found.runner.sampler("queues")
            assert isinstance(sampler, QueuesSampler)
            assert [(report.framework, report.queue) for report in sampler.report()] == [("bullmq", "mail")]

    run_async(check)


async def scan_once(found: Sampling) -> None:
    await found.run("keyspace")
    sampler = found.runner.sampler("keyspace")
    assert isinstance(sampler, KeyspaceSampler)
    async with asyncio.timeout(20):
        while sampler.progress_ratio < 1 or sampler.report is None:
            await asyncio.sleep(0.01)
            await found.run("keyspace")


def test_a_server_that_refuses_scan_still_shows_what_its_indexes_name(start_server: StartServer) -> None:
    server = start_server()
    server.client.sadd("rq:queues", "rq:queue:mail")
    server.client.execute_command("ACL", "SETUSER", "default", "-scan")
    with Watcher(server.url) as watcher:
        assert ("rq", "mail") in watcher.sample(AT)
        watcher.sample(AT + 15)
        assert ("rq", "mail") in watcher.sample(AT + 30)
