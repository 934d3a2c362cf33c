"""Kinds of servers that answer other questions than people think: Sentinels and nodes of clusters."""

import re
from collections.abc import Mapping
from typing import Final

from exporter.connection import Connection
from exporter.discovery.asking import text
from exporter.errors import ReplyError, UsageError
from exporter.model.target import Target
from exporter.survey.asking import ask

# A line of INFO sentinel: https://redis.io/docs/latest/commands/info/.
_MASTER: Final = re.compile(r"^master\d+:name=([^,]+),.*?address=([^,\s]+)", re.MULTILINE)
_FIELD: Final = re.compile(r"^([a-z_]+):([^\r\n]*)", re.MULTILINE)
_MOST_NAMED: Final = 3


async def note_on_kind(target: Target, what: str) -> str:
    """Return what somebody has to know who asks this server for its keys, queues or slow log (`what`).

    It is empty for an ordinary server. Raises `UsageError` for a Sentinel, which has none of these, with the
    servers that it watches, and `TargetError` where the server does not answer.
    """

    async def question(connection: Connection) -> str:
        fields = await _fields(connection)
        mode = fields.get("redis_mode") or fields.get("server_mode")
        if mode == "sentinel":
            found = _MASTER.findall(text(await connection.execute("INFO", "sentinel")))
            raise UsageError(f"{target.address} is a Sentinel, which has no {what}{_way_out(found)}")
        return (
            f"{target.address} is a node of a cluster: the others have {what} too"
            if mode == "cluster"
            else ""
        )

    return await ask(target, question)


async def _fields(connection: Connection) -> Mapping[str, str]:
    try:
        return dict(_FIELD.findall(text(await connection.execute("INFO", "server"))))
    except ReplyError as error:
        if not error.is_unsupported:
            raise
        return {}


def _way_out(masters: list[tuple[str, str]]) -> str:
    named = ", ".join(f"redis://{address} ({name})" for name, address in masters[:_MOST_NAMED])
    return f": name a server that it watches, such as {named}" if named else ""
