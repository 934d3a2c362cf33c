"""The greeting is the first exchange on a new connection."""

import re

from exporter.connection.command import Command, pack
from exporter.connection.request import Reply
from exporter.connection.resp_protocol import RespProtocol, ask
from exporter.connection.translate import door_error
from exporter.errors import ReplyError


async def set_client_info(protocol: RespProtocol, where: str, name: str, *, no_touch: bool) -> bool:
    """Send CLIENT SETNAME and, for `no_touch`, CLIENT NO-TOUCH; a server may refuse both, neither is needed.

    Returns whether it has agreed not to count what we read as a use of the keys. NO-TOUCH is asked of servers
    that know it only: the others would count an error for each connection. Raises `TargetError` where the
    server lets nobody in.
    """
    greeting: list[Command] = [("CLIENT", "SETNAME", name)]
    if no_touch:
        greeting.append(("INFO", "server"))
    replies = await ask(protocol, pack(greeting), len(greeting))
    _require_entry(replies[0], where)
    is_untouching = False
    if no_touch and _knows_no_touch(replies[-1]):
        (reply,) = await ask(protocol, pack([("CLIENT", "NO-TOUCH", "ON")]), 1)
        is_untouching = not isinstance(reply, ReplyError)
    # It may have been closed after the last reply, which nobody is told who does not follow it yet.
    protocol.require_open()
    return is_untouching


def _require_entry(reply: Reply, where: str) -> None:
    """Raises `TargetError` for what a server that lets nobody in says, whatever it is asked."""
    shut = door_error(reply.reason, where) if isinstance(reply, ReplyError) else None
    if shut is not None:
        raise shut.copy()


_VERSION = re.compile(rb"redis_version:(\d+)\.(\d+)")


def _knows_no_touch(info: Reply) -> bool:
    """Whether the server is Redis 7.2 or newer, or as new; Valkey says that it is."""
    match = _VERSION.search(info) if isinstance(info, bytes) else None
    return match is not None and (int(match[1]), int(match[2])) >= (7, 2)
