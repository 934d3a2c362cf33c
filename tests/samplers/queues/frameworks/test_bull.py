"""Bull's and Bee-Queue's traps."""

from tests.samplers.queues.reading import read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0
JOB = f'name __default__ data {{}} opts {{"attempts":1}} timestamp {int(AT * 1000) - 5000}'.split()


def test_priority_only_orders_what_waits_already(empty_server: RealServer) -> None:
    client = empty_server.client
    client.set("bull:mail:id", 3)
    client.lpush("bull:mail:wait", "1", "2", "3")
    client.zadd("bull:mail:priority", {"2": 1, "3": 5})
    client.hset("bull:mail:1", items=JOB)
    report = read_queues(empty_server.url, AT)["bull", "mail"]
    assert report.jobs["waiting"] == 3
    assert "prioritized" not in report.jobs


def test_an_id_alone_is_no_queue(empty_server: RealServer) -> None:
    empty_server.client.set("user:id", 3)
    empty_server.client.set("session:health:id", "x")
    assert read_queues(empty_server.url, AT) == {}


def test_the_three_layouts_in_one_database_are_told_apart(empty_server: RealServer) -> None:
    client = empty_server.client
    for stem in ("bull:old", "bull:new", "bq:bee"):
        client.set(f"{stem}:id", 1)
        client.lpush(f"{stem}:active", "1")
    client.lpush("bull:old:wait", "1")
    client.hset("bull:old:1", items=JOB)
    client.hset("bull:new:meta", "version", "bullmq:6.7.0")
    client.lpush("bq:bee:waiting", "1")
    client.hset("bq:bee:jobs", "1", '{"data":{},"options":{},"status":"created"}')
    assert set(read_queues(empty_server.url, AT)) == {
        ("bull", "old"),
        ("bullmq", "new"),
        ("bee-queue", "bee"),
    }
