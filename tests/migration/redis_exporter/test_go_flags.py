"""Flags are read as Go reads them."""

import pytest

from exporter.errors import UsageError
from exporter.migration.redis_exporter.flags import BY_NAME
from exporter.migration.redis_exporter.go_flags import Parsed, parse_flags


@pytest.mark.parametrize(
    ("line", "values", "unread"),
    [
        (["-redis.addr=a:1"], {"redis.addr": "a:1"}, ()),
        (["--redis.addr", "a:1", "-debug"], {"redis.addr": "a:1", "debug": "true"}, ()),
        (["--debug=F", "--check-keys-batch-size=+5"], {"debug": "false", "check-keys-batch-size": "+5"}, ()),
        (["--redis.addr=a", "--redis.addr=b=c"], {"redis.addr": "b=c"}, ()),
        (["--redis.addr="], {"redis.addr": ""}, ()),
        # Go gives a truth value none of the words that follow.
        (["--debug", "true", "--is-cluster"], {"debug": "true"}, ("true", "--is-cluster")),
        (["--debug", "--", "--is-cluster"], {"debug": "true"}, ("--is-cluster",)),
        (["--debug", "-", "x"], {"debug": "true"}, ("-", "x")),
        # A value may begin with a dash.
        (["--config-command", "-"], {"config-command": "-"}, ()),
    ],
)
def test_a_command_line_is_read_as_go_reads_it(
    line: list[str], values: dict[str, str], unread: tuple[str, ...]
) -> None:
    assert parse_flags(line, BY_NAME) == Parsed(values, unread)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["--redis.adr=x"], '--redis.adr is no flag of redis_exporter, did you mean "redis.addr"?'),
        (["--colour=secret"], "--colour is no flag of redis_exporter; see redis_exporter --help"),
        (
            ["--redis.alias=a"],
            "--redis.alias is a flag of redis_exporter before 1.0: write the name of a server as instance of "
            "its target",
        ),
        (["--=x"], "-- is no flag"),
        (["--redis.addr"], "--redis.addr, a flag of redis_exporter, needs a value"),
        (["--debug=yes"], '--debug must be true or false, not "yes"'),
        (["--check-keys-batch-size=many"], '--check-keys-batch-size must be a whole number, not "many"'),
    ],
)
def test_a_mistake_is_one_line(line: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_flags(line, BY_NAME)
    assert str(caught.value) == message
