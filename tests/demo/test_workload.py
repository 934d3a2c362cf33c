"""The demo's workload on a real server: what the daemon is to find there is there."""

import asyncio
import random
from collections.abc import Sequence

import redis.asyncio

from exporter.demo.queues import BULL_WORKER, SETTINGS, Part, QueueWorkload
from exporter.demo.workload import Workload
from tests.conftest import StartServer
from tests.samplers.sampling import sampling
from tests.servers import RealServer


def connect(server: RealServer, name: str) -> "redis.asyncio.Redis":
    return redis.asyncio.Redis(host="127.0.0.1", port=server.port, client_name=name, protocol=2)


async def run_each(parts: Sequence[tuple[float, Part]], times: int) -> None:
    """Every part so many times, in order and without the pauses in between."""
    for _ in range(times):
        for _, part in parts:
            await part()


def test_the_queues_are_those_that_the_sampler_knows(start_server: StartServer) -> None:
    async def find(server: RealServer) -> dict[str, set[str]]:
        client, bull_worker = connect(server, "shop"), connect(server, BULL_WORKER)
        await run_each(QueueWorkload(client, bull_worker, random.Random(1)).parts, 5)
        async with sampling(server, "info", "queues", settings={"queues": SETTINGS}) as found:
            await found.run()
            queues = found.values("redis_queue_workers")
        await client.aclose()
        await bull_worker.aclose()
        names: dict[str, set[str]] = {}
        for labels, workers in queues.items():
            if workers == 1:
                names.setdefault(dict(labels)["framework"], set()).add(dict(labels)["queue"])
        return names

    assert asyncio.run(find(start_server())) == {
        "bullmq": {"video"},
        # RQ tells of its workers under no queue's name.
        "rq": {"reports", "*"},
        "list": {"email", "thumbnails", "invoices"},
    }


def test_a_server_that_is_away_for_a_while_ends_nothing(start_server: StartServer) -> None:
    async def live_through(server: RealServer) -> int:
        workload = asyncio.create_task(Workload(server.port).run())
        await asyncio.sleep(0.5)
        await asyncio.to_thread(server.restart)
        await asyncio.sleep(1.5)
        assert not workload.done()
        workload.cancel()
        await asyncio.gather(workload, return_exceptions=True)
        return int(server.command("DBSIZE"))

    assert asyncio.run(live_through(start_server())) > 0
