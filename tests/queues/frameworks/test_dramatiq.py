"""Dramatiq's traps."""

import json
from uuid import UUID

from tests.fake_server import AnyServer
from tests.queues.reading import Watcher

AT = 1_700_000_000.0
PRODUCER, WORKER, OTHER = (str(UUID(int=number)) for number in range(1, 4))


def send(server: AnyServer, queue: str, *names: str) -> None:
    """Messages, as a producer leaves them."""
    for name in names:
        message = {
            "queue_name": queue,
            "actor_name": "work",
            "message_id": name,
            "message_timestamp": AT * 1000,
        }
        server.client.hset(f"dramatiq:{queue}.msgs", name, json.dumps(message))
        server.client.rpush(f"dramatiq:{queue}", name)


def hear(server: AnyServer, at: float, *workers: str) -> None:
    server.client.zadd("dramatiq:__heartbeats__", dict.fromkeys(workers, at * 1000))


def hold(server: AnyServer, worker: str, queue: str, *names: str) -> None:
    server.client.sadd(f"dramatiq:__acks__.{worker}.{queue}", *names)


def test_whoever_just_sends_messages_is_no_worker(either_server: AnyServer) -> None:
    send(either_server, "mail", "a", "b")
    hear(either_server, AT, PRODUCER)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        assert watcher.read(AT)["dramatiq", "mail"].workers == 0
        hear(either_server, AT + 10, PRODUCER, WORKER)
        hold(either_server, WORKER, "mail", "c")
        assert watcher.read(AT + 15)["dramatiq", "mail"].workers == 1
        # Between two messages it is still the one who works here.
        either_server.client.delete(f"dramatiq:__acks__.{WORKER}.mail")
        assert watcher.read(AT + 30)["dramatiq", "mail"].workers == 1
        # It has gone, and the producer goes on.
        hear(either_server, AT + 90, PRODUCER)
        report = watcher.read(AT + 90)["dramatiq", "mail"]
        assert (report.workers, report.silent_workers) == (0, 0)


def test_while_nothing_waits_whoever_is_heard_may_be_a_worker(either_server: AnyServer) -> None:
    send(either_server, "mail", "a")
    hear(either_server, AT, WORKER, OTHER)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        either_server.client.delete("dramatiq:mail")
        assert watcher.read(AT)["dramatiq", "mail"].workers == 2


def test_one_who_waits_with_a_delayed_message_is_a_worker(either_server: AnyServer) -> None:
    send(either_server, "mail", "a")
    hear(either_server, AT, WORKER)
    hold(either_server, WORKER, "mail.DQ", "b")
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        report = watcher.read(AT)["dramatiq", "mail"]
        assert (report.workers, report.jobs["delayed"]) == (1, 1)


def test_a_worker_that_was_killed_with_messages_of_several_queues_is_told_once(
    either_server: AnyServer,
) -> None:
    for queue in ("mail", "video"):
        send(either_server, queue, "a")
        hold(either_server, WORKER, queue, "x")
    hear(either_server, AT - 100, WORKER)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        found = watcher.read(AT)
    reports = [found["dramatiq", queue] for queue in ("mail", "video")]
    assert sum(report.silent_workers or 0 for report in reports) == 1
    assert [(report.workers, report.orphaned) for report in reports] == [(0, 1), (0, 1)]
