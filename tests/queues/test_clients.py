"""What the connections of a server tell of queues."""

import pytest

from exporter.queues.clients import parse_queue_commands

LINE = "id={id} addr=127.0.0.1:5000 fd=8 name= age=1 idle=0 flags=N db={db} sub=0 cmd={cmd} user=default\n"


def lines(*clients: tuple[int, str]) -> bytes:
    return "".join(LINE.format(id=index, db=db, cmd=cmd) for index, (db, cmd) in enumerate(clients)).encode()


def test_each_command_about_queues_is_a_sign_with_the_database_of_its_own_line() -> None:
    reply = lines((0, "get"), (3, "brpop"), (1, "client|list"), (12, "bzpopmin"), (3, "brpop"), (0, "blmove"))
    assert parse_queue_commands(reply) == {"3 brpop", "12 bzpopmin", "0 blmove"}


@pytest.mark.parametrize("command", ["evalsha_ro", "brpoplpushx", "xread", "bitop"])
def test_commands_that_only_begin_like_them_are_none(command: str) -> None:
    assert not parse_queue_commands(lines((0, command)))


def test_a_line_without_a_database_tells_nothing_of_its_neighbours() -> None:
    assert not parse_queue_commands(b"id=1 db=4 cmd=get user=default\nid=2 cmd=brpop user=default\n")


def test_a_server_that_does_not_tell_gives_no_signs() -> None:
    assert not parse_queue_commands(None)
