"""Which settings reach the servers of a target manager."""

import asyncio
from collections.abc import Mapping, Sequence

from exporter.clock import SystemClock
from exporter.config.main import Config
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.target import Target
from exporter.reload import plan_targets
from exporter.samplers.scheduler import SampleScheduler
from exporter.samplers.slot import SamplerPlan
from exporter.samplers.target_manager import TargetManager
from exporter.store import Store
from tests.conftest import StartServer
from tests.servers import RealServer


def test_a_slow_server_can_be_given_more_time_than_the_others(start_server: StartServer) -> None:
    server = start_server()
    config = Config.model_validate(
        {
            "global": {"sample_timeout": "100ms"},
            "targets": [
                {"url": server.url, "instance": "usual"},
                {"url": server.url, "instance": "patient", "sample_timeout": "5s"},
            ],
        }
    )
    assert asyncio.run(up_when_slow(config, server)) == {"usual": False, "patient": True}


async def up_when_slow(config: Config, server: RealServer) -> dict[str, bool | None]:
    """Which targets are up after a first pass during which the server hung for half a second."""
    clock = SystemClock()
    schedule = SampleScheduler(clock)
    target_manager = TargetManager(Store(), clock, schedule, on_target_change=lambda: None)
    with server.paused():
        await target_manager.sync(plan_targets(config), timeout_seconds=config.global_.sample_timeout.seconds)
        await asyncio.sleep(0.5)
    async with asyncio.timeout(5):
        # The manager tells nobody when its first passes are over.
        while any(runner.status.up is None for runner in target_manager.runners):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    up = {runner.target.instance: runner.status.up for runner in target_manager.runners}
    await schedule.stop()
    await target_manager.close()
    return up


def test_the_manager_has_reported_when_the_last_target_was_sampled_or_has_failed(
    start_server: StartServer,
) -> None:
    good, hanging = start_server(), start_server()
    config = Config.model_validate(
        {
            "global": {"sample_timeout": "300ms"},
            "targets": [
                {"url": good.url, "instance": "good"},
                {"url": hanging.url, "instance": "hanging"},
                {"url": "redis://127.0.0.1:1", "instance": "nobody"},
            ],
        }
    )
    order = asyncio.run(reports(config, hanging))
    assert order[-1] == "all"
    assert sorted(order[:-1]) == ["good", "hanging", "nobody"]
    # Whoever is down has been heard of; nobody waits for what cannot come.
    assert order.index("hanging") == 2


async def reports(config: Config, hanging: RealServer) -> list[str]:
    """The names of the targets in the order in which they were sampled once or failed, then `all`."""
    clock = SystemClock()
    schedule = SampleScheduler(clock)
    order: list[str] = []
    everybody = asyncio.Event()

    def note() -> None:
        order.append("all")
        everybody.set()

    target_manager = TargetManager(Store(), clock, schedule, on_target_change=lambda: None, on_reported=note)
    with hanging.paused():
        await target_manager.sync(plan_targets(config), timeout_seconds=0.3)
        has_reported = [target_manager.has_reported]
        async with asyncio.timeout(20):
            while not everybody.is_set():
                for runner in target_manager.runners:
                    name = runner.target.instance
                    if runner.has_reported and name not in order:
                        order.insert(len(order) - ("all" in order), name)
                await asyncio.sleep(0.005)
    for runner in target_manager.runners:
        if runner.has_reported and runner.target.instance not in order:
            order.insert(len(order) - 1, runner.target.instance)
    # What succeeded has asked more than INFO.
    (sampled,) = [runner for runner in target_manager.runners if runner.status.up]
    assert sampled.status.samplers["slowlog"].success
    assert [*has_reported, target_manager.has_reported] == [False, True]
    await schedule.stop()
    await target_manager.close()
    return order


def test_what_is_known_of_a_server_goes_along_with_its_new_name(start_server: StartServer) -> None:
    first, second = start_server(), start_server()

    def plan(**names: RealServer) -> Mapping[Target, Sequence[SamplerPlan]]:
        targets = [{"url": server.url, "instance": name} for name, server in names.items()]
        return plan_targets(Config.model_validate({"targets": targets}))

    async def scenario() -> tuple[dict[str, int], bool, bool]:
        clock, store = SystemClock(), Store()
        schedule = SampleScheduler(clock)
        reported = asyncio.Event()
        target_manager = TargetManager(
            store, clock, schedule, on_target_change=lambda: None, on_reported=reported.set
        )
        await target_manager.sync(plan(one=first, other=second), timeout_seconds=5)
        await reported.wait()
        reported.clear()
        with first.paused():
            # A pass under way belongs to nobody, and ends.
            late = [asyncio.create_task(runner.run("info")) for runner in target_manager.runners]
            await asyncio.sleep(0.05)
            swapped = await target_manager.sync(plan(one=second, other=first), timeout_seconds=5)
        await reported.wait()
        await asyncio.gather(*late, return_exceptions=True)
        up = [Matcher("__name__", MatchOp.EQUAL, "redis_instance_info")]
        ports = {
            f"{series.labels['instance']} {series.labels['tcp_port']}": len(series.window(0, 1 << 60)[0])
            for series in store.select(up)
        }
        over = await target_manager.sync(plan(one=first), timeout_seconds=5, replaced={"one"})
        await schedule.stop()
        await target_manager.close()
        return ports, swapped, over

    ports, swapped, over = asyncio.run(asyncio.wait_for(scenario(), 30))
    assert swapped
    assert over
    assert ports.keys() == {f"one {second.port}", f"other {first.port}"}
    assert all(rows >= 2 for rows in ports.values())
