"""`run_on: prefer_replica`: the keyspace of a primary, found out on its replica."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from exporter.config.main import Config
from exporter.keyspace import KeyspaceSampler
from exporter.keyspace.report import PassReport
from exporter.reload import plan_targets
from exporter.samplers.scheduler import SampleScheduler
from exporter.samplers.target_manager import TargetManager
from exporter.store import Store
from tests.clocks import ShiftedClock
from tests.conftest import StartServer
from tests.keyspace.test_sampler import put
from tests.servers import RealServer

SETTINGS = {"run_on": "prefer_replica", "interval": "100s"}


class _ByHand(SampleScheduler):
    """Runs nothing by itself."""

    def add(self, runner: object) -> None:
        """The test runs the samplers."""

    def remove(self, runner: object) -> None:
        """There is nothing to end."""


class Pair:
    """A primary and its replica, watched by one daemon and sampled by hand."""

    def __init__(self, primary: RealServer, replica: RealServer, budget: str) -> None:
        self.primary, self.replica = primary, replica
        self.clock = ShiftedClock()
        self.target_manager = TargetManager(
            Store(), self.clock, _ByHand(self.clock), on_target_change=lambda: None
        )
        self._config = Config.model_validate(
            {
                "targets": [
                    {"url": primary.url, "instance": "primary"},
                    {"url": replica.url, "instance": "replica"},
                ],
                "samplers": {"keyspace": {**SETTINGS, "budget": budget}},
            }
        )

    async def watch(self) -> None:
        await self.target_manager.sync(plan_targets(self._config), timeout_seconds=2.0)

    async def sample(self) -> None:
        self.clock.ahead += 0.1
        for name in ("info", "keyspace"):
            for runner in self.target_manager.runners:
                await runner.run(name)
        await asyncio.sleep(0.02)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not is_so():
                await self.sample()

    def sampler(self, name: str = "primary") -> KeyspaceSampler:
        runner = self.target_manager.find(name)
        assert runner is not None
        sampler = runner.sampler("keyspace")
        assert isinstance(sampler, KeyspaceSampler)
        return sampler

    async def report(self) -> PassReport:
        """That of the next pass of the primary's keyspace."""
        before = self.sampler().report
        await self.until(lambda: self.sampler().report not in (None, before))
        report = self.sampler().report
        assert report is not None
        return report

    def scans(self, server: RealServer) -> int:
        """How often the server was asked to SCAN since its statistics were reset."""
        stats = server.client.info("commandstats")
        return int(stats.get("cmdstat_scan", {}).get("calls", 0))


def watch(
    start_server: StartServer, scenario: Callable[[Pair], Awaitable[None]], *, budget: str = "unlimited"
) -> None:
    primary, replica = start_server("--repl-diskless-sync-delay", "0"), start_server()
    put(primary, "session", 2000)
    replica.command("REPLICAOF", "127.0.0.1", primary.port)
    until = time.monotonic() + 60
    while replica.client.info("replication")["master_link_status"] != "up":
        assert time.monotonic() < until
        time.sleep(0.05)

    async def run() -> None:
        pair = Pair(primary, replica, budget)
        await pair.watch()
        try:
            await scenario(pair)
        finally:
            await pair.target_manager.close()

    asyncio.run(run())


def test_the_replica_is_asked_and_the_result_is_the_primarys(start_server: StartServer) -> None:
    async def scenario(pair: Pair) -> None:
        report = await pair.report()
        assert (report.instance, report.scanned_on) == ("primary", "replica")
        assert {one.pattern: one.keys for one in report.patterns} == {"session:*": 2000}
        for _ in range(20):
            await pair.sample()
        assert pair.sampler("replica").report is None
        assert pair.scans(pair.primary) == 0
        assert pair.scans(pair.replica) > 0
        # What was looked up is told of the server that has counted it.
        found = {
            runner.target.instance: runner.facts.keyspace_stats.hits for runner in pair.target_manager.runners
        }
        assert found["primary"] == 0
        assert found["replica"] >= 4000

    watch(start_server, scenario)


def test_the_primary_is_asked_when_the_replica_goes(start_server: StartServer) -> None:
    async def scenario(pair: Pair) -> None:
        await pair.until(lambda: pair.sampler().keys_scanned > 0)
        assert pair.scans(pair.primary) == 0
        pair.replica.kill()
        pair.clock.ahead += 40
        await pair.until(lambda: pair.scans(pair.primary) > 0)

    watch(start_server, scenario, budget="5%")


@pytest.mark.parametrize("deed", ["promoted", "unlinked"])
def test_the_primary_is_asked_when_the_replica_is_none_any_more(start_server: StartServer, deed: str) -> None:
    async def scenario(pair: Pair) -> None:
        await pair.until(lambda: pair.sampler().keys_scanned > 0)
        if deed == "promoted":
            pair.replica.command("REPLICAOF", "NO", "ONE")
        else:
            # It follows something that is not there.
            pair.replica.command("REPLICAOF", "127.0.0.1", "1")
        pair.clock.ahead += 10
        report = await pair.report()
        assert (report.instance, report.scanned_on) == ("primary", "")
        assert {one.pattern: one.keys for one in report.patterns} == {"session:*": 2000}

    watch(start_server, scenario, budget="20%")


def test_a_primary_without_a_replica_is_asked_after_a_while(start_server: StartServer) -> None:
    async def scenario(pair: Pair) -> None:
        pair.replica.command("REPLICAOF", "NO", "ONE")
        put(pair.replica, "other", 10)
        for _ in range(5):
            await pair.sample()
        assert pair.scans(pair.primary) == 0
        pair.clock.ahead += 70
        report = await pair.report()
        assert (report.instance, report.scanned_on) == ("primary", "")
        await pair.until(lambda: pair.sampler("replica").report is not None)

    watch(start_server, scenario)
