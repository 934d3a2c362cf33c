"""What a daemon leaves behind that reference counts do not free: cycles, which are collected rarely."""

import gc

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast


def test_a_quiet_daemon_makes_no_cycles(start_server: StartServer) -> None:
    server, other = start_server(), start_server()

    async def story() -> None:
        async with FastDaemon(server, other) as daemon:
            await daemon.pass_time("3m")
            gc.collect()
            gc.disable()
            try:
                await daemon.pass_time("5m")
                # Of five minutes, with about a hundred rules: one for each would be thousands.
                assert gc.collect() < 500
            finally:
                gc.enable()

    run_fast(story())
