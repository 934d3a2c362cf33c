"""Nodes of a cluster, and sentinels."""

import time
from pathlib import Path

from tests.conftest import StartServer
from tests.peers import find_program
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer, free_port


def test_a_node_of_a_cluster(start_each_server: StartServer) -> None:
    server = start_each_server("--cluster-enabled", "yes")
    server.command("CLUSTER", "ADDSLOTS", *range(100))

    async def scenario() -> None:
        async with sampling(server, "info") as probe:
            await probe.run()
            await probe.run()
            assert probe.value("redis_cluster_enabled") == 1.0
            assert probe.value("redis_cluster_state") == 0.0
            assert probe.value("redis_cluster_slots_assigned") == 100.0
            assert probe.value("redis_cluster_known_nodes") == 1.0
            assert probe.value("redis_cluster_messages_sent_total") == 0.0
            # A cluster has one database.
            assert len(probe.values("redis_db_keys")) == 1

    run_async(scenario)


def test_no_cluster(each_server: RealServer) -> None:
    async def scenario() -> None:
        async with sampling(each_server, "info") as probe:
            await probe.run()
            await probe.run()
            assert probe.value("redis_cluster_enabled") == 0.0
            assert probe.value("redis_cluster_state") is None

    run_async(scenario)


def test_a_sentinel(start_each_server: StartServer, each_program: Path, tmp_path: Path) -> None:
    primary = start_each_server()
    replica = start_each_server("--replicaof", "127.0.0.1", str(primary.port))
    port = free_port()
    config = f"sentinel monitor main 127.0.0.1 {primary.port} 1\nsentinel auth-pass main hunter2\n"
    config += "sentinel down-after-milliseconds main 5000\n"

    async def scenario(sentinel: RealServer) -> None:
        options = {"sentinel": {"peers": True, "all": True}}
        async with sampling(sentinel, "info", "slowlog", "latency", "sentinel", settings=options) as probe:
            deadline = time.monotonic() + 15
            while probe.total("redis_sentinel_master_slaves") < 1 and time.monotonic() < deadline:
                await probe.run()
            main = {"master_name": "main", "master_address": f"127.0.0.1:{primary.port}"}
            await probe.run()
            assert probe.value("redis_up") == 1.0
            assert probe.value("redis_sentinel_masters") == 1.0
            assert probe.value("redis_sentinel_tilt") == 0.0
            assert probe.value("redis_sentinel_master_status", **main, master_status="ok") == 1.0
            assert probe.value("redis_sentinel_master_slaves", **main) == 1.0
            assert probe.value("redis_sentinel_master_ok_slaves", **main) == 1.0
            assert probe.value("redis_sentinel_master_failover_in_progress", **main) == 0.0
            assert probe.value("redis_sentinel_master_ok_sentinels", **main) == 1.0
            assert probe.value("redis_sentinel_master_setting_ckquorum", **main) == 1.0
            assert probe.value("redis_sentinel_master_setting_down_after_milliseconds", **main) == 5000.0
            assert (
                probe.value("redis_sentinel_master_ckquorum_status", master_name="main", message="OK") == 1.0
            )
            # What a sentinel does not know is not asked.
            assert probe.values("redis_vigil_sampler_error") == {}
            assert probe.values("redis_vigil_sampler_success").keys() == {
                (("sampler", name),) for name in ("info", "latency", "sentinel")
            }
            assert "hunter2" not in probe.page()

    with RealServer(each_program, tmp_path / "sentinel", "--sentinel", config=config, port=port) as sentinel:
        run_async(lambda: scenario(sentinel))
    assert replica.is_running
    assert find_program is not None
