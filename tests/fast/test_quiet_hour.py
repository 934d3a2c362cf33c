"""An hour in which nothing is wrong, idle and at work, in every topology: nobody is told of anything."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.conftest import StartServer
from tests.crossings.bullmq import BullQueue
from tests.crossings.real_time import wait
from tests.fast.daemon import FastDaemon, run_fast
from tests.peers import require_program
from tests.servers import RealServer, free_port

SLOTS = ((0, 5460), (5461, 10922), (10923, 16383))


def work(server: RealServer, *, misses: int = 2) -> None:
    """What an application does in a quarter of a minute."""
    with server.client.pipeline(transaction=False) as pipe:
        for _ in range(40):
            number = random.randrange(500)
            pipe.set(f"session:{number}", "x" * 200, ex=3600)
            pipe.get(f"session:{number}")
        for _ in range(misses):
            pipe.get("session:gone")
        pipe.execute()


def stay_quiet(*watched: RealServer, busy: tuple[RealServer, ...] = (), **config: Any) -> None:
    """An hour, of which the second half is at work; nothing may be told, or be about to be."""

    async def story() -> None:
        async with FastDaemon(config, *watched) as daemon:
            await daemon.pass_time("30m")
            for _ in range(120):
                for server in busy:
                    work(server)
                await daemon.pass_time("15s")
            assert daemon.told() == [], daemon
            assert daemon.firing() == set(), daemon
            assert daemon.query("redis_up == 0") == {}
            assert len(daemon.query("redis_up")) == len(list(daemon.app.watching.target_manager.runners)) > 0

    run_fast(story())


def test_one_server_of_each_kind(start_each_server: StartServer) -> None:
    server = start_each_server()
    stay_quiet(server, busy=(server,))


def test_a_cache_that_evicts(start_server: StartServer) -> None:
    server = start_server("--maxmemory", "16mb", "--maxmemory-policy", "allkeys-lru")
    with server.client.pipeline(transaction=False) as pipe:
        for number in range(2_000):
            pipe.set(f"page:{number}", "x" * 10_000, ex=86_400)
        pipe.execute()
    stay_quiet(server, busy=(server,))


def test_a_server_that_was_created_just_now_and_saves(start_server: StartServer) -> None:
    server = start_server("--appendonly", "yes", "--maxmemory", "100mb")
    stay_quiet(server, busy=(server,))


def test_a_primary_with_a_replica(start_server: StartServer) -> None:
    primary, replica = pair(start_server)
    stay_quiet(primary, replica, busy=(primary,))


def pair(start_server: StartServer) -> tuple[RealServer, RealServer]:
    primary = start_server("--repl-diskless-sync-delay", "0")
    replica = start_server("--replicaof", "127.0.0.1", str(primary.port))
    wait(lambda: replica.client.info("replication")["master_link_status"] == "up")
    return primary, replica


def test_servers_under_sentinel(start_server: StartServer) -> None:
    primary, _ = pair(start_server)
    config = f"sentinel monitor shop 127.0.0.1 {primary.port} 2\n"
    sentinels = [start_server("--sentinel", config=config) for _ in range(3)]
    for sentinel in sentinels:
        sentinel.command("SENTINEL", "DEBUG", "info-period", 200, "publish-period", 100)
    wait(lambda: all(_knows(sentinel) for sentinel in sentinels))
    discovery = {"sentinel": [{"urls": [one.url for one in sentinels]}]}
    stay_quiet(busy=(primary,), discovery=discovery)


def _knows(sentinel: RealServer) -> bool:
    master = sentinel.client.info("sentinel")["master0"]
    return bool(master["sentinels"] == 3 and master["slaves"] == 1)


def test_a_cluster(start_server: StartServer) -> None:
    nodes = [start_server("--cluster-enabled", "yes") for _ in SLOTS]
    for epoch, (node, (first, last)) in enumerate(zip(nodes, SLOTS, strict=True), 1):
        node.command("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        node.command("CLUSTER", "ADDSLOTSRANGE", first, last)
    for node in nodes[1:]:
        nodes[0].command("CLUSTER", "MEET", "127.0.0.1", node.port)
    wait(lambda: all(_is_whole(node.client.cluster("info")) for node in nodes))
    stay_quiet(discovery={"cluster": [{"urls": [nodes[0].url], "name": "shop"}]})


def _is_whole(info: dict[str, str]) -> bool:
    return info["cluster_state"] == "ok" and info["cluster_slots_ok"] == "16384"


def test_a_broker_whose_workers_work(start_server: StartServer) -> None:
    server = start_server("--maxmemory", "100mb")

    async def story() -> None:
        queue = BullQueue(server)
        server.client.sadd("_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
        with queue.worker():
            async with FastDaemon(server) as daemon:
                await daemon.pass_time("20m")
                # Not in step with the samples, or one of these would see a job each time.
                for number in range(185):
                    queue.add(3)
                    server.client.lpush("celery", _celery_task(number))
                    await daemon.pass_time("7s")
                    queue.clear()
                    queue.end(3, int(number % 50 == 0))
                    server.client.delete("celery")
                    await daemon.pass_time("6s")
                assert daemon.told() == [], daemon
                assert daemon.firing() == set(), daemon
                found = {labels.get("framework") for labels in daemon.query("redis_queue_jobs")}
                assert found == {"bullmq", "celery"}

    run_fast(story())


def _celery_task(number: int) -> str:
    headers = {"task": "app.send", "id": str(number)}
    properties = {"delivery_info": {"exchange": "", "routing_key": "celery"}, "delivery_tag": str(number)}
    return json.dumps({"body": "W10=", "headers": headers, "properties": properties})


@pytest.mark.peers("redis-server")
def test_a_server_with_tls(tmp_path: Path) -> None:
    authority, port = trustme.CA(), free_port()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    arguments = (
        *("--tls-port", str(port), "--tls-cert-file", str(tmp_path / "cert.pem")),
        *("--tls-key-file", str(tmp_path / "key.pem"), "--tls-ca-cert-file", str(tmp_path / "ca.pem")),
        *("--tls-auth-clients", "no"),
    )
    target = {"url": f"rediss://127.0.0.1:{port}", "tls": {"ca_file": str(tmp_path / "ca.pem")}}
    with RealServer(require_program("redis-server"), tmp_path / "server", *arguments) as server:
        stay_quiet(busy=(server,), targets=[target])
