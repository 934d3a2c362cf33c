"""A look into the indexes that found nothing is not worked out anew while the server answers the same."""

from collections.abc import Sequence

from exporter.connection import Command, Reply
from exporter.queues.base import Found
from exporter.queues.clients import ClientNames
from exporter.queues.model import QueueId
from exporter.queues.negative_cache import NegativeCache
from exporter.queues.steps import Steps

FOUND = Found(QueueId("rq", b"mail"))


class Indexes:
    """Counts how often it is worked out what the replies mean."""

    def __init__(self) -> None:
        self.kinds = {b"rq:queues": b"none"}
        self.looks = 0
        self.clients = ClientNames()
        self.memory = NegativeCache()

    def look(self) -> Steps[Sequence[Found]]:
        self.looks += 1
        (kind,) = yield [("TYPE", b"rq:queues")]
        if kind != b"none" or "worker" in (self.clients.names or ()):
            (members,) = yield [("SMEMBERS", b"rq:queues")]
            return [FOUND] if members else []
        return []

    def answer(self, command: Command) -> Reply:
        return self.kinds[b"rq:queues"] if command[0] == "TYPE" else [b"mail"]

    def pass_once(self, *names: str) -> Sequence[Found]:
        self.clients.names = names
        steps = self.memory.repeat(self.look, self.clients)
        try:
            commands = next(steps)
            while True:
                commands = steps.send([self.answer(command) for command in commands])
        except StopIteration as end:
            found: Sequence[Found] = end.value
            return found


def test_what_was_nothing_is_nothing_as_long_as_the_server_says_the_same() -> None:
    indexes = Indexes()
    for _ in range(5):
        assert not indexes.pass_once("app")
    assert indexes.looks == 1


def test_a_new_index_is_found_in_the_same_pass() -> None:
    indexes = Indexes()
    indexes.pass_once()
    indexes.kinds[b"rq:queues"] = b"set"
    assert list(indexes.pass_once()) == [FOUND]


def test_a_new_worker_is_a_reason_to_look() -> None:
    indexes = Indexes()
    indexes.pass_once("app")
    assert list(indexes.pass_once("app", "worker")) == [FOUND]


def test_what_found_something_is_looked_at_every_time() -> None:
    indexes = Indexes()
    indexes.kinds[b"rq:queues"] = b"set"
    for _ in range(3):
        assert list(indexes.pass_once()) == [FOUND]
    assert indexes.looks == 3
