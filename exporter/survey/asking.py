"""Short questions to servers, each with a deadline."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from exporter.config.targets import PASSWORDS, TargetSection
from exporter.config.url import ServerUrl
from exporter.connection import Connection, pack, value_of
from exporter.discovery.asking import text
from exporter.errors import ReplyError, TargetError
from exporter.model.target import Address, Target

AnswerT = TypeVar("AnswerT")
_TIMEOUT_SECONDS: Final = 3.0
_AT_A_TIME: Final = 50
_NAME: Final = "redis-vigil-init"
# Where sentinels tell each other, every two seconds, that they are there and whom they watch:
# https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/.
_HELLO: Final = "__sentinel__:hello"
_HELLO_SECONDS: Final = 2.6
_MOST_SENTINELS: Final = 32
_SENTINEL_PORT: Final = 26379
# As they call their connections.
_SENTINEL_CLIENT: Final = re.compile(r"\baddr=\[?([^ \]]+)\]?:\d+ .*\bname=sentinel-[0-9a-f]+-pubsub\b")


def at(section: TargetSection, address: Address) -> TargetSection:
    """The same way in, to another address."""
    url = ServerUrl(replace(address, database=0), section.url.username, section.url.password)
    return section.model_copy(update={"url": url, "instance": ""})


def login_of(section: TargetSection) -> Mapping[str, Any]:
    """The keys of a section that say how to get in, as they were given; those of its URL stay there."""
    names = ("username", *PASSWORDS, "tls")
    return {name: getattr(section, name) for name in names if name in section.model_fields_set}


async def ask(target: Target, question: Callable[[Connection], Awaitable[AnswerT]]) -> AnswerT:
    """Ask one server over a connection of its own; raises `TargetError`."""
    connection = Connection(target, timeout_seconds=_TIMEOUT_SECONDS, name=_NAME)
    try:
        return await question(connection)
    finally:
        await connection.close()


async def read_info(target: Target) -> Mapping[str, str]:
    """The fields of INFO server; nothing of a server that refuses it. Raises `TargetError`."""

    async def question(connection: Connection) -> Mapping[str, str]:
        try:
            lines = text(await connection.execute("INFO", "server")).splitlines()
        except ReplyError as error:
            if not error.is_unsupported:
                raise
            return {}
        pairs = (line.partition(":") for line in lines)
        return {name: value for name, _, value in pairs if value}

    return await ask(target, question)


async def reach(targets: Sequence[Target]) -> Sequence[tuple[str, str]]:
    """Ask several servers at a time; of each the run id, where it tells, and why it cannot be asked."""
    room = asyncio.Semaphore(_AT_A_TIME)

    async def one(target: Target) -> tuple[str, str]:
        async with room:
            try:
                return (await read_info(target)).get("run_id", ""), ""
            except TargetError as error:
                return "", str(error).removeprefix(f"{target.address}: ")

    return await asyncio.gather(*map(one, targets))


async def find_sentinels(target: Target) -> Sequence[Address]:
    """Where the sentinels probably listen that watch this server; empty where none does, or nobody tells.

    Their connections say from which hosts they come. Where their usual port does not answer there, what they
    announce to each other is listened to.
    """
    try:
        hosts = await ask(target, _hosts_of_sentinels)
        usual = [Address(host=host, port=_SENTINEL_PORT) for host in hosts[:_MOST_SENTINELS]]
        answers = await reach([Target(one.instance, one) for one in usual])
        if hosts and all(problem for _, problem in answers):
            return await ask(target, _listen)
        return [one for one, (_, problem) in zip(usual, answers, strict=True) if not problem]
    except TargetError:
        return []


async def _hosts_of_sentinels(connection: Connection) -> Sequence[str]:
    lines = text(await connection.execute("CLIENT", "LIST", "TYPE", "pubsub")).splitlines()
    found = (_SENTINEL_CLIENT.search(line) for line in lines)
    return list(dict.fromkeys(match[1] for match in found if match))


async def _listen(connection: Connection) -> Sequence[Address]:
    (reply,) = await connection.exchange(pack([("SUBSCRIBE", _HELLO)]), 1)
    value_of(reply)
    heard: dict[Address, None] = {}
    try:
        async with asyncio.timeout(_HELLO_SECONDS):
            while len(heard) < _MOST_SENTINELS:
                (message,) = await connection.exchange(b"", 1)
                if (address := _sender(message)) is not None:
                    heard[address] = None
    except (TimeoutError, TargetError):
        pass
    return list(heard)


def _sender(message: object) -> Address | None:
    """The sentinel of a hello: its address and port come first in the message."""
    parts = text(message[2]).split(",") if isinstance(message, list) and len(message) == 3 else []
    try:
        host, port = parts[0], int(parts[1])
    except (IndexError, ValueError):
        return None
    return Address(host=host, port=port) if host and 0 < port < 65_536 else None
