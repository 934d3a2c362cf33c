"""Which settings reach the servers of a fleet."""

import asyncio

from exporter.clock import SystemClock
from exporter.config.main import Config
from exporter.reload import plan_targets
from exporter.samplers.fleet import Fleet
from exporter.samplers.schedule import SampleSchedule
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
    schedule = SampleSchedule(clock)
    fleet = Fleet(Store(), clock, schedule, on_news=lambda: None)
    with server.paused():
        await fleet.watch(plan_targets(config), timeout_seconds=config.global_.sample_timeout.seconds)
        await asyncio.sleep(0.5)
    async with asyncio.timeout(5):
        # The fleet tells nobody when its first passes are over.
        while any(runner.status.up is None for runner in fleet.runners):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    up = {runner.target.instance: runner.status.up for runner in fleet.runners}
    await schedule.stop()
    await fleet.close()
    return up
