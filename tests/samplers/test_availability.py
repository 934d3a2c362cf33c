"""Which alerts are held while which targets or samplers cannot be sampled, on real servers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from exporter.config.main import Config
from exporter.model.labels import Labels
from exporter.reload import plan_targets
from exporter.samplers.availability import SampledTargets
from exporter.samplers.runner import TargetRunner
from exporter.samplers.scheduler import SampleScheduler
from exporter.samplers.target_manager import TargetManager
from exporter.store import Store
from tests.clocks import ShiftedClock
from tests.conftest import StartServer
from tests.servers import RealServer

KEYS = frozenset({"redis_db_keys"})


class _ByHand(SampleScheduler):
    """Runs nothing by itself."""

    def add(self, runner: TargetRunner) -> None:
        """The test runs the samplers."""

    def remove(self, runner: TargetRunner) -> None:
        """There is nothing to end."""


class Watched:
    """Servers `a`, `b`, … of one cluster, sampled by hand."""

    def __init__(self) -> None:
        self.clock = ShiftedClock()
        store = Store()
        self.target_manager = TargetManager(
            store, self.clock, _ByHand(self.clock), on_target_change=lambda: None
        )
        self.availability = SampledTargets(self.target_manager, store, self.clock)

    async def watch(self, servers: Sequence[RealServer]) -> None:
        targets = [
            {"url": server.url, "instance": name, "labels": {"cluster": "shop"}}
            for name, server in zip("abc", servers, strict=False)
        ]
        config = Config.model_validate({"targets": targets, "samplers": {"slowlog": {"enabled": True}}})
        await self.target_manager.sync(plan_targets(config), timeout_seconds=1.0)
        await self.sample()

    async def sample(self) -> None:
        self.clock.ahead += 1.0
        for runner in self.target_manager.runners:
            await runner.run("info", "slowlog")

    def is_missing(self, metrics: frozenset[str] = KEYS, since: float | None = None, **labels: str) -> bool:
        return self.availability.is_missing(
            Labels(labels), metrics, self.availability.moment() if since is None else since
        )


def watch(servers: Sequence[RealServer], scenario: Callable[[Watched], Awaitable[None]]) -> None:
    async def run() -> None:
        watched = Watched()
        await watched.watch(servers)
        await scenario(watched)
        await watched.target_manager.close()

    asyncio.run(run())


def test_alerts_over_many_targets_miss_those_that_had_a_part_in_them(start_server: StartServer) -> None:
    servers = [start_server(), start_server()]
    servers[0].command("SET", "k", "v")

    async def scenario(watched: Watched) -> None:
        before = watched.availability.moment()
        assert not watched.is_missing(since=before, cluster="shop")
        servers[1].stop()
        await watched.sample()
        down_at = watched.availability.moment()
        # By the alert's labels: those of a series that the target has written.
        assert watched.is_missing(since=before)
        assert watched.is_missing(since=before, cluster="shop", db="db0")
        assert not watched.is_missing(since=before, cluster="other")
        assert not watched.is_missing(since=before, cluster="shop", queue="mail")
        assert not watched.is_missing(frozenset({"redis_queue_jobs"}), since=before, cluster="shop")
        assert watched.is_missing(frozenset(), since=before, cluster="shop")
        # By the target that it names.
        assert watched.is_missing(instance="b", queue="mail")
        assert not watched.is_missing(instance="a")
        assert not watched.is_missing(instance="nobody")
        # What is found while it is down stands without it.
        watched.clock.ahead += 1.0
        await watched.sample()
        assert not watched.is_missing(since=down_at, cluster="shop")

    watch(servers, scenario)


def _nodes(*slots: str) -> bytes:
    """CLUSTER NODES as the first of these nodes tells it."""
    lines = [
        f"{number} h:{number}@1 {'myself,' if not number else ''}master - 0 0 1 connected {held}"
        for number, held in enumerate(slots)
    ]
    return "\n".join(lines).encode()


def test_a_node_whose_slots_others_have_taken_over_is_not_missed(start_server: StartServer) -> None:
    servers = [start_server(), start_server(), start_server()]

    async def scenario(watched: Watched) -> None:
        a, b, c = watched.target_manager.runners
        a.facts.slots.update(_nodes("0-8191", "8192-16383"))
        b.facts.slots.update(_nodes("8192-16383", "0-8191"))
        c.facts.slots.update(_nodes("", "0-8191", "8192-16383"))
        servers[0].command("SET", "k", "v")
        await watched.sample()
        before = watched.availability.moment()
        servers[1].stop()
        await watched.sample()
        assert watched.is_missing(since=before, cluster="shop")
        c.facts.slots.update(_nodes("8192-12000", "0-8191"))
        assert watched.is_missing(since=before, cluster="shop")
        c.facts.slots.update(_nodes("8192-16383", "0-8191"))
        assert not watched.is_missing(since=before, cluster="shop")
        # As long as that one is a replica, it has taken over nothing.
        c.facts.provide(replace(c.facts.server, role="slave"))
        assert watched.is_missing(since=before, cluster="shop")

    watch(servers, scenario)


def test_a_sampler_that_fails_is_missing_and_one_that_is_refused_is_not(start_server: StartServer) -> None:
    server = start_server()
    log = frozenset({"redis_slowlog_length"})

    async def scenario(watched: Watched) -> None:
        before = watched.availability.moment()
        server.command("ACL", "SETUSER", "default", "-slowlog")
        await watched.sample()
        # It will not come back by itself: nothing to wait for.
        assert not watched.is_missing(log, since=before, instance="a")
        server.command("ACL", "SETUSER", "default", "+slowlog")
        # Refused commands are asked again after ten minutes.
        watched.clock.ahead += 3600.0
        await watched.sample()
        (runner,) = watched.target_manager.runners
        runner.status.samplers["slowlog"].missing_since = watched.availability.moment()
        assert watched.is_missing(log, since=before, instance="a")
        assert not watched.is_missing(since=before, instance="a")
        await watched.sample()
        assert not watched.is_missing(log, since=before, instance="a")

    watch([server], scenario)


def test_what_was_told_of_a_name_ends_when_another_server_gets_it(start_server: StartServer) -> None:
    servers = [start_server(), start_server()]
    servers[0].command("SET", "k", "v")

    async def scenario(watched: Watched) -> None:
        before = watched.availability.moment()
        await watched.watch(list(reversed(servers)))
        servers[0].kill()
        await watched.sample()
        # The server that is down is called b by now: an alert about b from before was about the other one.
        assert not watched.is_missing(instance="b", since=before)
        assert watched.is_missing(instance="b")
        assert not watched.is_missing(instance="a")

    watch(servers, scenario)


def test_an_evaluation_that_came_late_still_holds_for_what_ended_since_its_data(
    start_server: StartServer,
) -> None:
    servers = [start_server(), start_server()]
    servers[0].command("SET", "k", "v")

    async def scenario(watched: Watched) -> None:
        at_ms = round(watched.clock.now() * 1000)
        servers[1].stop()
        await watched.sample()
        # The slot of `at_ms` is evaluated only now: its data are of before the end.
        seen_at = watched.availability.moment(at_ms)
        await watched.sample()
        assert watched.is_missing(since=seen_at, cluster="shop")
        assert not watched.is_missing(since=watched.availability.moment(), cluster="shop")

    watch(servers, scenario)
