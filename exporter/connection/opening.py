"""Opening a connection: the socket, TLS, the login and the greeting, within one deadline."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from exporter.connection.causes import forget_frames
from exporter.connection.greeting import set_client_info
from exporter.connection.login import log_in
from exporter.connection.request import Reply
from exporter.connection.resp_protocol import RespProtocol
from exporter.connection.stream import Stream
from exporter.connection.translate import connect_error
from exporter.errors import TargetError
from exporter.model.secret import Secret
from exporter.model.target import Target


@dataclass(frozen=True, slots=True)
class Greeting:
    """What is asked first, and who hears of replies that are errors, the greeting's own among them."""

    name: str
    no_touch: bool
    on_errors: Callable[[RespProtocol, Sequence[Reply]], None]


async def open_connection(
    target: Target, greeting: Greeting, *, timeout_seconds: float, max_reply_bytes: int
) -> RespProtocol:
    """Connect, log in, and send CLIENT SETNAME and CLIENT NO-TOUCH.

    A server that accepts connections and answers nothing, as one that is stopped, costs `timeout_seconds`.
    They begin when the password is known: a program that prints it has a deadline of its own. A password that
    was changed meanwhile is a second attempt, with as much time.

    Raises `TargetError`.
    """
    where = str(target.address)

    async def attempt(password: Secret) -> RespProtocol:
        stream = Stream(target, password, connect_timeout_seconds=timeout_seconds)
        try:
            async with asyncio.timeout(timeout_seconds):
                await stream.open()
                return await _greet(await stream.detach(where, max_reply_bytes), where, greeting)
        except BaseException as error:
            stream.abort()
            if isinstance(error, TargetError) or not isinstance(error, Exception):
                raise
            forget_frames(error)
            raise connect_error(error, where) from error

    return await log_in(target, where, attempt)


async def _greet(protocol: RespProtocol, where: str, greeting: Greeting) -> RespProtocol:
    protocol.on_errors = partial(greeting.on_errors, protocol)
    try:
        protocol.is_untouching = await set_client_info(
            protocol, where, greeting.name, no_touch=greeting.no_touch
        )
    except BaseException as error:
        protocol.abort(connect_error(error, where))
        raise
    return protocol
