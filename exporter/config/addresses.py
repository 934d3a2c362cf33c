"""`addresses`: where servers can be reached that announce themselves under other addresses."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from exporter.config.validation import PlacedError
from exporter.errors import Problem

_PLACE: Final = re.compile(
    r"(?:\[(?P<bracketed>[0-9a-fA-F:.%]+)\]|(?P<host>[^\s:/@\[\]]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)

Place = tuple[str, int]
"""A host and a port; port 0 stands for any, or for the same."""


def parse_place(text: str) -> Place:
    """The parts of `host:port` or `host`; IPv6 addresses stand in brackets where a port follows.

    Raises `ValueError` with a sentence.
    """
    match = _PLACE.fullmatch(text)
    port = int(match["port"] or 0) if match else 0
    if match is None or port > 65_535 or (match["port"] and not port):
        raise ValueError(f'"{text}" is not an address: write host:port, or a host for all its ports')
    return (match["bracketed"] or match["host"]).lower(), port


def _check(addresses: dict[str, str]) -> dict[str, str]:
    problems = []
    for announced, reachable in addresses.items():
        for text, at_key in ((announced, True), (reachable, False)):
            try:
                parse_place(text)
            except ValueError as error:
                problems.append(Problem((announced,), str(error), at_key=at_key))
    if problems:
        raise PlacedError(problems)
    return addresses


AddressMap = Annotated[dict[str, str], AfterValidator(_check)]
"""From announced to reachable addresses, each `host:port` or a host alone."""
