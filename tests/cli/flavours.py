"""Servers of other makes for tests, by what they answer: see tests/cli/init_cases.

`info` is the text of INFO, `replies` what other commands are answered with, by their first words: a number, a
text, a list, or `{error: …}`. `default` is the answer to everything else. `says` and `config.yml` are what
`redis-vigil init` makes of it, with PORT for the port.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from tests.samplers.canned import canned_server

CASES: Final = Path(__file__).parent / "init_cases"
_GREETING: Final = {"PING": "PONG", "CLIENT SETNAME": "OK", "SELECT": "OK"}


def load_case(name: str) -> Mapping[str, Any]:
    """The file of this name."""
    case: Mapping[str, Any] = yaml.safe_load((CASES / f"{name}.yml").read_text())
    return case


@asynccontextmanager
async def flavour(case: Mapping[str, Any]) -> AsyncIterator[int]:
    """A server that answers as a case says, on a port."""
    replies = {"INFO": case["info"].replace("\n", "\r\n"), **case["replies"]}
    if "default" not in case:
        replies |= _GREETING
    # The longest beginning of a command that fits wins; everything begins with nothing.
    replies[""] = case.get("default", {"error": "ERR unknown command"})
    ordered = sorted(replies, key=lambda name: -len(name))
    async with canned_server({name: _reply(replies[name]) for name in ordered}) as port:
        yield port


def _reply(value: Any) -> Any:
    return Exception(value["error"]) if isinstance(value, dict) else value
