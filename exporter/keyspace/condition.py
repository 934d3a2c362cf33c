"""How the server is, as far as it matters to a scan."""

from typing import Final

from exporter.connection import Connection
from exporter.errors import Reason, TargetError
from exporter.sampling import server_facts
from exporter.sampling.base import TargetFacts
from exporter.sampling.info_text import parse_amount, parse_pairs, split_lines

# From this share of maxmemory on, replies waiting to be read could cost somebody's keys.
_TIGHT: Final = 0.95
_REPLICA: Final = "slave"


async def observe(connection: Connection, at: float) -> TargetFacts:
    """Ask INFO; `at` is now in epoch seconds. Raises `TargetError`."""
    reply = await connection.execute("INFO")
    if not isinstance(reply, bytes):
        raise TargetError(Reason.PROTOCOL, f"{connection.target.address}: INFO did not answer with a text")
    fields = {}
    facts = TargetFacts()
    for line in split_lines(reply):
        name, _, value = line.partition(":")
        fields[name] = value
        if name.startswith("db") and name[2:].isdecimal():
            keys = parse_amount(parse_pairs(value).get("keys", ""))
            if keys is not None:
                facts.keys_by_database[int(name[2:])] = int(keys)
    server_facts.learn_identity(fields, facts)
    server_facts.learn_state(fields, facts, at)
    return facts


def is_strained(facts: TargetFacts) -> bool:
    """Whether the server forks, which makes every page it touches cost memory, or is near its limit."""
    return facts.fork_in_progress or (facts.maxmemory > 0 and facts.used_memory > _TIGHT * facts.maxmemory)


def is_replica(facts: TargetFacts) -> bool:
    """Whether the server follows another one."""
    return facts.role == _REPLICA


def usage_command(facts: TargetFacts) -> str:
    """How to ask for a key's use: under an LFU policy there is no idle time."""
    return "OBJECT FREQ" if "lfu" in facts.maxmemory_policy else "OBJECT IDLETIME"
