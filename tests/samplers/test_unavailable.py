"""Commands that are not available: told once, tried again sparingly, with the line that grants them."""

import asyncio
from collections.abc import Sequence

import pytest

from exporter.connection import Command, Reply
from exporter.errors import Reason, ReplyError
from exporter.sampling.command_support import RETRY_SECONDS, CommandSupport
from exporter.sampling.unavailable import Unavailable
from tests.samplers.canned import canned_server
from tests.samplers.sampling import run_async, sampling

DENIED = ReplyError(Reason.PERMISSION, "NOPERM no permissions to run the command")
UNKNOWN = ReplyError(Reason.UNKNOWN_COMMAND, "ERR unknown command")
QUESTIONS = {
    f"CONFIG GET {name}": ("CONFIG", "GET", name) for name in ("databases", "maxmemory", "slowlog-*")
}


class Server:
    """Answers to pipelines, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Reply = DENIED
        self.asked: list[Command] = []

    async def pipeline(self, commands: Sequence[Command]) -> list[Reply]:
        self.asked += commands
        return [self.answer for _ in commands]


def ask(support: CommandSupport, server: Server) -> dict[str, Reply]:
    server.asked = []
    return asyncio.run(support.ask(server, QUESTIONS, required=False))  # type: ignore[arg-type]


def test_one_line_in_the_log_for_all_that_is_refused_in_a_pass(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    unavailable = Unavailable("a:1", "vigil")
    for sampler, command in (
        ("config", "CONFIG GET maxmemory"),
        ("config", "CONFIG GET databases"),
        ("clients", "CLIENT LIST"),
        ("queues", "CLIENT LIST"),
        ("slowlog", "SLOWLOG LEN"),
        ("slowlog", "SLOWLOG GET"),
    ):
        unavailable.note(sampler, command, DENIED)
        unavailable.note(sampler, command, DENIED)
    unavailable.tell()
    unavailable.note("memory", "MEMORY STATS", DENIED)
    unavailable.note("queues", "CLIENT LIST", UNKNOWN)
    unavailable.note("acl", "ACL LOG", UNKNOWN)
    unavailable.tell()
    unavailable.tell()
    unavailable.forget("CLIENT LIST")
    unavailable.forget("CONFIG GET maxmemory")
    unavailable.tell()
    told = [record.__dict__["vigil_fields"] for record in caplog.records]
    assert [(one["commands"], one.get("reason")) for one in told] == [
        ("CONFIG,CLIENT,SLOWLOG", "permission"),
        ("MEMORY", "permission"),
        ("ACL", "unknown_command"),
        ("CLIENT", None),
    ]
    unavailable.note("queues", "CLIENT LIST", UNKNOWN)
    assert [one.command for one in unavailable.commands if "queues" in one.samplers] == ["CLIENT LIST"]


@pytest.mark.parametrize(
    ("refused", "line"),
    [
        ([("slowlog", "SLOWLOG LEN"), ("slowlog", "SLOWLOG GET")], "+slowlog|get +slowlog|len"),
        ([("config", "CONFIG GET maxmemory"), ("config", "CONFIG GET slowlog-*")], "+config|get"),
        ([("latency", "PING")], "+ping"),
        ([("queues", "SCAN")], "+@read -keys +select ~*"),
        ([("keyspace", "SCAN"), ("acl", "ACL LOG")], "+acl|log +@read -keys +select ~*"),
    ],
)
def test_the_line_that_grants_it(refused: Sequence[tuple[str, str]], line: str) -> None:
    unavailable = Unavailable("a:1", "vigil")
    for sampler, command in refused:
        unavailable.note(sampler, command, DENIED)
    assert unavailable.grant == f"ACL SETUSER vigil {line}"


def test_nothing_grants_what_the_server_does_not_have() -> None:
    unavailable = Unavailable("a:1")
    unavailable.note("slowlog", "SLOWLOG GET", UNKNOWN)
    assert unavailable.grant == ""
    unavailable.note("memory", "MEMORY STATS", DENIED)
    assert unavailable.grant == "ACL SETUSER default +memory|stats"


def test_one_question_of_a_kind_is_tried_again_and_tells_for_all() -> None:
    now = 0.0
    support, server = CommandSupport("config", lambda: now), Server()
    ask(support, server)
    assert len(server.asked) == 3
    ask(support, server)
    assert server.asked == []
    for _ in range(2):
        now += RETRY_SECONDS
        ask(support, server)
        assert len(server.asked) == 1
        ask(support, server)
        assert server.asked == []
    now += RETRY_SECONDS
    server.answer = []
    assert len(ask(support, server)) == 3
    assert not support.any_unsupported


def test_what_was_refused_is_asked_at_once_of_a_server_that_came_back() -> None:
    support, server = CommandSupport("config", lambda: 0.0), Server()
    ask(support, server)
    support.try_again()
    ask(support, server)
    assert len(server.asked) == 1


def test_what_is_granted_is_not_listed_any_more_whoever_asks() -> None:
    """Command latencies ask for INFO themselves only as long as the INFO sampler may not."""
    info = "# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:5\r\n\r\n# Commandstats\r\n"
    replies: dict[str, object] = {
        "INFO": Exception(DENIED),
        "LATENCY HISTOGRAM": ["get", ["calls", 1, "histogram_usec", [1, 1]]],
    }

    async def scenario() -> None:
        async with canned_server(replies) as port, sampling(port, "info", "command_latency") as probe:
            await probe.run_together("info", "command_latency")
            listed = [one.command for one in probe.runner.unavailable.commands]
            assert "INFO commandstats" in listed
            replies["INFO"] = info + "cmdstat_get:calls=1,usec=1,usec_per_call=1.00\r\n"
            for _ in range(2):
                probe.clock.ahead += RETRY_SECONDS
                await probe.run_together("info", "command_latency")
            assert probe.runner.unavailable.commands == []

    run_async(scenario)


def test_what_is_asked_along_with_a_refused_ping_is_listed_too() -> None:
    replies = {"PING": Exception(DENIED), "LATENCY LATEST": Exception(DENIED)}

    async def scenario() -> None:
        async with canned_server(replies) as port, sampling(port, "latency") as probe:
            await probe.run()
            assert probe.runner.unavailable.grant.endswith("+latency|latest +ping")

    run_async(scenario)
