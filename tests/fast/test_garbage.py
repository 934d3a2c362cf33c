"""What a daemon leaves behind that reference counts do not free: cycles, which are collected rarely."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast


class Leftover:
    """How many objects only the cycle collector has freed."""

    objects = 0


@contextmanager
def collected() -> Iterator[Leftover]:
    """A block in which the collector rests, and after which its work is counted."""
    left = Leftover()
    gc.collect()
    gc.disable()
    try:
        yield left
        left.objects = gc.collect()
    finally:
        gc.enable()


def test_a_quiet_daemon_makes_no_cycles(start_server: StartServer) -> None:
    server, other = start_server(), start_server()
    server.command("MSET", *(part for number in range(100) for part in (f"user:{number}", "x")))

    async def story() -> None:
        async with FastDaemon({"samplers": {"keyspace": {"interval": "1m"}}}, server, other) as daemon:
            await daemon.pass_time("3m")
            with collected() as left:
                await daemon.pass_time("5m")
            # A hundred rules and ten keyspace scans in five minutes: one for each would be thousands.
            # asyncio's own transports leave a few behind.
            assert left.objects < 200

    run_fast(story())


def test_rules_that_look_back_further_than_memory_leave_no_cycles(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    storage = {"path": str(tmp_path / "data"), "retention": "5m"}

    async def story() -> None:
        async with FastDaemon({"storage": storage}, server) as daemon:
            # The first block is made, and read.
            await daemon.pass_time("20m")
            with collected() as left:
                await daemon.pass_time("4m")
            assert left.objects < 500

    run_fast(story())


def test_a_server_that_dies_leaves_no_cycle_for_each_attempt(start_server: StartServer) -> None:
    server, other = start_server(), start_server()

    async def story() -> None:
        async with FastDaemon(server, other) as daemon:
            await daemon.pass_time("3m")
            other.kill()
            # The message itself is sent by httpx, which leaves some.
            await daemon.pass_time("3m")
            with collected() as left:
                await daemon.pass_time("5m")
            # Twenty rounds with four attempts each.
            assert left.objects < 200

    run_fast(story())


def test_a_reload_leaves_no_cycle_of_what_it_replaces(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("3m")
            await daemon.reload({"global": {"evaluation_interval": "14s"}})
            with collected() as left:
                for seconds in (13, 12, 11):
                    await daemon.reload({"global": {"evaluation_interval": f"{seconds}s"}})
            assert left.objects < 600

    run_fast(story())
