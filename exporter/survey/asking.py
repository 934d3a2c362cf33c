"""Short questions to servers, each with a deadline."""

import asyncio
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


async def hear_sentinels(target: Target) -> Sequence[Address]:
    """Where the sentinels listen that watch this server, as they announce themselves there."""
    try:
        return await ask(target, _listen)
    except TargetError:
        return []


async def _listen(connection: Connection) -> Sequence[Address]:
    reply = await connection.execute("PUBSUB", "NUMSUB", _HELLO)
    listeners = reply[1] if isinstance(reply, list) and len(reply) == 2 else 0
    if not isinstance(listeners, int) or listeners < 1:
        return []
    (reply,) = await connection.exchange(pack([("SUBSCRIBE", _HELLO)]), 1)
    value_of(reply)
    heard: dict[Address, None] = {}
    try:
        async with asyncio.timeout(_HELLO_SECONDS):
            while len(heard) < min(listeners, _MOST_SENTINELS):
                (message,) = await connection.exchange(b"", 1)
                if (address := _sender(message)) is not None:
                    heard[address] = None
    except (TimeoutError, TargetError):
        pass
    return list(heard)


def _sender(message: object) -> Address | None:
    """The sentinel of a hello: its address and port come first in the message."""
    parts = text(message[2]).split(",") if isinstance(message, list) and len(message) == 3 else []
    if len(parts) < 2 or not parts[0] or not (parts[1].isascii() and parts[1].isdecimal()):
        return None
    return Address(host=parts[0], port=int(parts[1]))
