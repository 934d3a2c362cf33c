"""Queues on a node of a cluster: those whose keys it holds, and no wrong number about others."""

import time

import pytest
import redis

from tests.conftest import StartServer
from tests.queues import recorded
from tests.queues.reading import Watcher, differences, read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0


def start_node(start_server: StartServer) -> RealServer:
    return start_server("--cluster-enabled", "yes", "--cluster-require-full-coverage", "no")


def add_slots(server: RealServer, first: int, last: int) -> None:
    server.client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
    deadline = time.monotonic() + 10
    while server.client.cluster("info")["cluster_state"] != "ok":
        assert time.monotonic() < deadline, "the cluster is not up"
        time.sleep(0.05)


def test_a_node_that_holds_everything(start_server: StartServer) -> None:
    server = start_node(start_server)
    add_slots(server, 0, 16383)
    document = recorded.load(recorded.FOLDER / "bullmq6-filled.json")
    client = redis.Redis(port=server.port, protocol=2)
    recorded.restore(document, client)
    client.close()
    found = read_queues(server.url, document["expected"]["at"])
    assert differences(document["expected"], found, but=("workers",)) == []


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_node_that_holds_a_part(start_server: StartServer, is_ours: bool) -> None:
    server = start_node(start_server)
    slot = int(server.client.execute_command("CLUSTER", "KEYSLOT", "{bull}:mail:meta"))
    # Just the queue's slot, or those behind it: whatever else is asked about is answered by an error.
    add_slots(server, *((slot, slot) if is_ours else (slot + 1, 16383)))
    if is_ours:
        server.client.hset("{bull}:mail:meta", "version", "bullmq:6.7.0")
        server.client.lpush("{bull}:mail:wait", "1")
        server.client.hset("{bull}:mail:1", "timestamp", int(AT - 60) * 1000)
    with Watcher(server.url) as watcher:
        watcher.find(AT)
        for passed in (0, 61, 75):
            found = watcher.sample(AT + passed)
        assert set(found) == ({("bullmq", "mail")} if is_ours else set())
        if is_ours:
            report = found["bullmq", "mail"]
            assert (report.jobs["waiting"], report.oldest_job_age_seconds) == (1, 135)
