"""The condition of the server decides whether a scan may go on."""

from typing import Final

from exporter.connection import Connection
from exporter.errors import Reason, TargetError
from exporter.sampling.info_text import parse_amount, parse_pairs, split_lines
from exporter.sampling.server_info import ServerInfo, parse_identity, update_state

# From this share of maxmemory on, replies waiting to be read could cost somebody's keys.
_TIGHT: Final = 0.95
_REPLICA: Final = "slave"


async def observe(connection: Connection, at: float) -> ServerInfo:
    """Ask INFO; `at` is now in epoch seconds. Raises `TargetError`."""
    reply = await connection.execute("INFO")
    if not isinstance(reply, bytes):
        raise TargetError(Reason.PROTOCOL, f"{connection.target.address}: INFO did not answer with a text")
    fields = {}
    sizes: dict[int, int] = {}
    for line in split_lines(reply):
        name, _, value = line.partition(":")
        fields[name] = value
        if name.startswith("db") and name[2:].isdecimal():
            keys = parse_amount(parse_pairs(value).get("keys", ""))
            if keys is not None:
                sizes[int(name[2:])] = int(keys)
    return update_state(parse_identity(fields), fields, sizes, at)


def is_strained(server: ServerInfo) -> bool:
    """Whether the server forks, which makes every page it touches cost memory, or is near its limit."""
    return server.fork_in_progress or (
        server.maxmemory > 0 and server.used_memory > _TIGHT * server.maxmemory
    )


def is_replica(server: ServerInfo) -> bool:
    """Whether the server follows another one."""
    return server.role == _REPLICA


def usage_command(server: ServerInfo) -> str:
    """How to ask for a key's use: under an LFU policy there is no idle time."""
    return "OBJECT FREQ" if "lfu" in server.maxmemory_policy else "OBJECT IDLETIME"
