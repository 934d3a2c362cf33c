"""The keyspace sampler among the others: metrics, restarts, servers that go away."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import StateError
from exporter.keyspace import KeyspaceSampler
from exporter.state.database import Database
from exporter.state.keyspace import SqliteKeyspaceRecords
from tests.conftest import StartServer
from tests.keyspace.scanning import client
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer

FAST = {"keyspace": {"budget": "unlimited"}}


def put(server: RealServer, family: str, count: int) -> None:
    pipe = client(server).pipeline(transaction=False)
    for number in range(count):
        pipe.set(f"{family}:{number}", "x" * 50, ex=1000 if number % 4 == 0 else None)
    pipe.execute()


def sampler_of(found: Sampling) -> KeyspaceSampler:
    sampler = found.runner.sampler("keyspace")
    assert isinstance(sampler, KeyspaceSampler)
    return sampler


async def one_pass(found: Sampling) -> None:
    """Sample until the pass under way is over and shown."""
    await found.run("keyspace")
    async with asyncio.timeout(120):
        while sampler_of(found).forecast is not None or sampler_of(found).report is None:
            await asyncio.sleep(0.01)
            await found.run("keyspace")


def test_the_metrics_of_a_pass(empty_server: RealServer) -> None:
    put(empty_server, "session", 400)
    client(empty_server).rpush("jobs", *range(3000))

    async def check() -> None:
        async with sampling(empty_server, "info", "keyspace", settings=FAST) as found:
            await found.run("info")
            assert found.value("redis_vigil_own_keyspace_hits_total") == 0
            assert found.value("redis_vigil_own_keyspace_misses_total") == 0
            await one_pass(found)
            await found.run("info")
            labels = {"db": "db0", "pattern": "session:*"}
            assert found.value("redis_keyspace_pattern_keys", **labels) == 400
            assert found.value("redis_keyspace_pattern_keys_without_ttl", **labels) == 300
            assert (found.value("redis_keyspace_pattern_memory_bytes", **labels) or 0) > 400 * 50
            for name in ("keys", "memory_bytes", "keys_without_ttl"):
                assert found.value(f"redis_keyspace_pattern_{name}_error_ratio", **labels) == 0
            assert found.value("redis_keyspace_type_keys", db="db0", type="string") == 400
            assert found.value("redis_keyspace_big_keys", db="db0", type="list") == 1
            assert found.value("redis_keyspace_ttl_seconds_count", db="db0") == 100
            assert found.value("redis_keyspace_ttl_seconds_bucket", db="db0", le="1800.0") == 100
            assert found.value("redis_keyspace_idle_seconds_count", db="db0") == 401
            jobs = {"db": "db0", "type": "list", "key": "jobs"}
            assert found.value("redis_keyspace_biggest_key_length", **jobs) == 3000
            assert (found.value("redis_keyspace_biggest_key_memory_bytes", **jobs) or 0) > 5000
            assert found.value("redis_keyspace_scan_keys_scanned") == 401
            assert found.value("redis_keyspace_scan_progress_ratio") == 1
            assert found.value("redis_keyspace_scan_database_size", db="db0") == 401
            assert (found.value("redis_keyspace_scan_last_completed_timestamp_seconds") or 0) > 1.7e9
            assert found.value("redis_keyspace_scan_duration_seconds") is not None
            assert (found.value("redis_vigil_own_keyspace_hits_total") or 0) >= 2 * 401

    run_async(check)


def test_the_first_pass_shows_what_it_has_seen_and_rules_do_not_see_it(
    empty_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.keyspace.scan._FIRST_PARTIAL_SECONDS", 0.1)
    monkeypatch.setattr("exporter.keyspace.scan._PARTIAL_SECONDS", 0.1)
    put(empty_server, "session", 6000)
    slow = {"keyspace": {"keys_per_second": 3000, "interval": "500s"}}
    labels = {"db": "db0", "pattern": "session:*"}

    async def check() -> None:
        async with sampling(empty_server, "keyspace", settings=slow) as found:
            async with asyncio.timeout(120):
                while not found.values("redis_keyspace_scan_pattern_keys"):
                    await found.run("keyspace")
                    await asyncio.sleep(0.05)
            seen = found.value("redis_keyspace_scan_pattern_keys", **labels) or 0
            assert 0 < seen < 6000
            untimed = found.value("redis_keyspace_scan_pattern_keys_without_ttl", **labels)
            assert untimed == pytest.approx(seen * 0.75, rel=0.2)
            assert (found.value("redis_keyspace_scan_pattern_memory_bytes", **labels) or 0) > seen * 50
            assert found.value("redis_keyspace_scan_partial") == 1
            # Rules are about these.
            for name in ("keys", "memory_bytes", "keys_without_ttl"):
                assert found.values(f"redis_keyspace_pattern_{name}") == {}
            assert found.values("redis_keyspace_scan_last_completed_timestamp_seconds") == {}
            partial = sampler_of(found).partial
            assert partial is not None
            assert not partial.complete
            await one_pass(found)
            assert found.value("redis_keyspace_pattern_keys", **labels) == 6000
            assert found.value("redis_keyspace_scan_partial") == 0
            assert found.values("redis_keyspace_scan_pattern_keys") == {}
            # In the next pass the figures of the one before stay.
            found.clock.ahead += 600
            async with asyncio.timeout(120):
                while sampler_of(found).partial is None:
                    await found.run("keyspace")
                    await asyncio.sleep(0.05)
            await found.run("keyspace")
            assert found.value("redis_keyspace_pattern_keys", **labels) == 6000
            assert found.values("redis_keyspace_scan_pattern_keys") == {}

    run_async(check)


def test_a_pass_that_will_be_late_says_so_once_and_why(
    empty_server: RealServer, caplog: pytest.LogCaptureFixture
) -> None:
    put(empty_server, "k", 20_000)
    slow = {"keyspace": {"keys_per_second": 2000, "interval": "5s"}}

    async def check() -> None:
        async with sampling(empty_server, "keyspace", settings=slow) as found:
            async with asyncio.timeout(120):
                while not found.value("redis_keyspace_scan_late", reason="keys_per_second"):
                    await found.run("keyspace")
                    await asyncio.sleep(0.1)
            assert 0 < (found.value("redis_keyspace_scan_remaining_seconds") or 0) < 60
            for _ in range(3):
                await found.run("keyspace")
            forecast = sampler_of(found).forecast
            assert forecast is not None
            assert forecast.is_late

    run_async(check)
    told = [one for one in caplog.records if "will not end within its interval" in str(one.msg)]
    assert len(told) == 1


def test_passes_begin_at_the_interval_and_results_stay(empty_server: RealServer) -> None:
    put(empty_server, "k", 100)

    async def check() -> None:
        async with sampling(empty_server, "keyspace", settings=FAST) as found:
            await one_pass(found)
            first = sampler_of(found).report
            put(empty_server, "k", 200)
            for _ in range(3):
                found.clock.ahead += 100
                await found.run("keyspace")
                await asyncio.sleep(0.05)
            assert sampler_of(found).report is first
            assert found.value("redis_keyspace_pattern_keys", db="db0", pattern="k:*") == 100
            found.clock.ahead += 400
            await one_pass(found)
            await one_pass(found)
            assert found.value("redis_keyspace_pattern_keys", db="db0", pattern="k:*") == 200
            growth = found.value("redis_keyspace_pattern_keys_growth_per_hour", db="db0", pattern="k:*")
            assert growth == pytest.approx(100 / (700 / 3600), rel=0.05)

    run_async(check)


def test_a_server_that_is_down_shows_nothing(start_server: StartServer) -> None:
    server = start_server()
    put(server, "k", 100)

    async def check() -> None:
        async with sampling(server, "info", "keyspace", settings=FAST) as found:
            await one_pass(found)
            assert found.values("redis_keyspace_pattern_keys")
            server.kill()
            await found.run()
            assert found.values("redis_keyspace_pattern_keys") == {}
            server.start()
            found.clock.ahead += 20
            await asyncio.sleep(0.2)
            await found.run()
            # What is known stays known.
            assert found.value("redis_keyspace_pattern_keys", db="db0", pattern="k:*") == 100

    run_async(check)


def test_a_server_that_refuses(empty_server: RealServer) -> None:
    empty_server.command("ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "-scan")

    async def check() -> None:
        put(empty_server, "k", 10)
        async with sampling(
            empty_server, "keyspace", settings=FAST, username="limited", password="secret"
        ) as found:
            await found.run("keyspace")
            status = found.runner.status.samplers["keyspace"]
            async with asyncio.timeout(120):
                while status.success:
                    await asyncio.sleep(0.05)
                    await found.run("keyspace")
            assert status.reason == "permission"

    run_async(check)


def test_a_replica_is_left_alone(start_server: StartServer) -> None:
    primary, replica = start_server("--repl-diskless-sync-delay", "0"), start_server()
    replica.command("REPLICAOF", "127.0.0.1", primary.port)

    async def check() -> None:
        async with sampling(replica, "keyspace", settings=FAST) as found:
            for _ in range(3):
                await found.run("keyspace")
                await asyncio.sleep(0.1)
            assert found.runner.status.samplers["keyspace"].success
            assert sampler_of(found).report is None
            assert "scan" not in str(replica.client.info("commandstats"))

    run_async(check)


def test_results_and_progress_survive_a_restart(empty_server: RealServer, tmp_path: Path) -> None:
    put(empty_server, "k", 3000)
    slow = {"keyspace": {"keys_per_second": 2000}}

    async def start(settings: dict[str, Any], passes: int) -> tuple[int, Sampling]:
        database = Database(tmp_path / "state.db")
        records = {"keyspace": SqliteKeyspaceRecords(database)}
        async with sampling(empty_server, "keyspace", settings=settings, records=records) as found:
            if passes:
                await one_pass(found)
            else:
                async with asyncio.timeout(120):
                    while sampler_of(found).keys_scanned <= 100:
                        await found.run("keyspace")
                        await asyncio.sleep(0.05)
            scanned = sampler_of(found).keys_scanned
        await database.close()
        return scanned, found

    async def check() -> None:
        scanned, _ = await start(slow, passes=0)
        assert 100 < scanned < 3000
        hits_before = empty_server.client.info("stats")["keyspace_hits"]
        _, second = await start(FAST, passes=1)
        assert second.value("redis_keyspace_pattern_keys", db="db0", pattern="k:*") == 3000
        hits = empty_server.client.info("stats")["keyspace_hits"] - hits_before
        # The first process has asked about a part of them.
        assert hits < 4 * 3000 - scanned
        empty_server.command("CONFIG", "RESETSTAT")
        _, third = await start(FAST, passes=1)
        # Known at once, and not yet due again.
        assert third.value("redis_keyspace_pattern_keys", db="db0", pattern="k:*") == 3000
        assert "scan" not in str(empty_server.client.info("commandstats"))

    run_async(check)


class _KeptRecords:
    """What would be on the disk."""

    def __init__(self) -> None:
        self.history = b""

    async def load(self, instance: str) -> tuple[bytes | None, bytes | None]:
        return self.history or None, None

    async def save_history(self, instance: str, history: bytes) -> None:
        self.history = history

    async def save_progress(self, instance: str, progress: bytes) -> None:
        return


def test_no_hidden_name_is_told_anywhere(empty_server: RealServer, caplog: pytest.LogCaptureFixture) -> None:
    """Not in metrics, not in the report, not in what is kept of a pass, not in the log."""
    people = ("anna schmidt", "o'neill", "мария", "van der berg")
    raw = client(empty_server)
    for person in people:
        raw.set(f"medical:{person}:diagnosis", "x" * 20_000)
        raw.rpush(f"inbox:{person}", *range(5000))
        raw.mset({f"user:{person}:session:{number}": "x" for number in range(40)})
    put(empty_server, "session", 200)
    records = _KeptRecords()
    settings = {"keyspace": {"budget": "unlimited", "key_names": "hide"}}

    async def check() -> None:
        async with sampling(
            empty_server, "info", "keyspace", settings=settings, records={"keyspace": records}
        ) as found:
            await found.run("info")
            await one_pass(found)
            report = sampler_of(found).report
            assert report is not None
            texts = [
                found.page(),
                report.to_json().decode(),
                json.dumps(json.loads(records.history), ensure_ascii=False),
            ]
            for text in (*texts, caplog.text):
                for word in ("anna", "schmidt", "neill", "мария", "berg", "diagnosis"):
                    assert word not in text
            assert found.value("redis_keyspace_pattern_keys", db="db0", pattern="session:*") == 200
            assert found.value("redis_keyspace_pattern_keys", db="db0", pattern="user:*:session:*") == 160

    run_async(check)


def test_what_was_saved_before_names_were_hidden_is_not_shown(empty_server: RealServer) -> None:
    raw = client(empty_server)
    raw.mset({f"user:anna:{number}": "x" for number in range(40)})
    records = _KeptRecords()

    async def patterns(key_names: str, passes: int) -> str:
        settings = {"keyspace": {"budget": "unlimited", "key_names": key_names}}
        async with sampling(
            empty_server, "keyspace", settings=settings, records={"keyspace": records}
        ) as found:
            if passes:
                await one_pass(found)
            await found.run("keyspace")
            return found.page()

    async def check() -> None:
        assert "user:anna:*" in await patterns("show", 1)
        assert "anna" not in await patterns("hide", 0)
        assert 'pattern="user:*:*"' in await patterns("hide", 1)
        # Now it is known, and not looked for again.
        assert 'pattern="user:*:*"' in await patterns("hide", 0)

    run_async(check)


class _BrokenRecords:
    """A disk that is full."""

    async def load(self, instance: str) -> tuple[bytes | None, bytes | None]:
        raise StateError("no")

    async def save_history(self, instance: str, history: bytes) -> None:
        raise StateError("no")

    async def save_progress(self, instance: str, progress: bytes) -> None:
        raise StateError("no")


class _StrangeRecords(_BrokenRecords):
    """A state of something else."""

    async def load(self, instance: str) -> tuple[bytes | None, bytes | None]:
        return b'{"format": 1, "report": 3}', b"nonsense"


@pytest.mark.parametrize("records", [_BrokenRecords(), _StrangeRecords()])
def test_a_state_that_fails_costs_no_scan(empty_server: RealServer, records: object) -> None:
    put(empty_server, "k", 50)

    async def check() -> None:
        async with sampling(empty_server, "keyspace", settings=FAST, records={"keyspace": records}) as found:
            await one_pass(found)
            assert found.value("redis_keyspace_pattern_keys", db="db0", pattern="k:*") == 50

    run_async(check)


def test_the_connection_has_a_name_of_its_own(empty_server: RealServer) -> None:
    put(empty_server, "k", 500)

    async def check() -> None:
        async with sampling(
            empty_server, "keyspace", settings={"keyspace": {"keys_per_second": 10}}
        ) as found:
            await found.run("keyspace")
            await asyncio.sleep(0.3)
            names = {one["name"] for one in empty_server.client.client_list()}
            assert "redis-vigil-keyspace" in names

    run_async(check)
