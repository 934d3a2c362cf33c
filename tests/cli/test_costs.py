"""What the commands for one look add to a server's counters: the numbers in docs/keyspace.md and
docs/queues.md."""

import subprocess
import sys

from tests.servers import RealServer

KEYS = 12_000


def fill(server: RealServer) -> None:
    pipeline = server.client.pipeline(transaction=False)
    for number in range(KEYS):
        pipeline.set(f"user:{number}", "x")
    pipeline.hset("bull:mail:meta", "version", "bullmq:6.7.0")
    pipeline.hset("bull:mail:1", mapping={"name": "j", "data": "{}", "opts": "{}", "timestamp": 1})
    pipeline.lpush("bull:mail:wait", "1")
    pipeline.execute()
    server.client.config_resetstat()


def lookups(server: RealServer, *arguments: str) -> int:
    """The hits and misses that a command has added, and no error."""
    before = server.client.info("stats")
    command = [sys.executable, "-m", "exporter", arguments[0], server.url, *arguments[1:]]
    # `health` ends with 1 where it finds something critical: a queue that nobody works on.
    assert subprocess.run(command, capture_output=True, timeout=120).returncode in (0, 1)
    now = server.client.info("stats")
    assert server.client.info("errorstats") == {}
    return sum(int(now[name]) - int(before[name]) for name in ("keyspace_hits", "keyspace_misses"))


def test_queues_and_health_look_up_what_may_be_a_queue(empty_server: RealServer) -> None:
    fill(empty_server)
    assert 0 < lookups(empty_server, "queues") < 0.05 * KEYS
    assert 0 < lookups(empty_server, "health") < 0.05 * KEYS


def test_a_scan_looks_up_each_key_twice_and_ten_thousand_of_them_four_times(
    empty_server: RealServer,
) -> None:
    fill(empty_server)
    keys = empty_server.client.dbsize()
    found = lookups(empty_server, "scan", "--budget", "unlimited")
    assert 2 * keys + 1.9 * 10_000 < found < 2 * keys + 2.3 * 10_000
    assert 0 < lookups(empty_server, "scan", "--budget", "unlimited", "--sample", "1000") < 0.6 * keys
