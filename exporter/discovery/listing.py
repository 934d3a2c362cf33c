"""The text of a list of servers, as file_sd and http_sd have it, to plain data; what it holds is bounded.

As Go reads JSON: what is no UTF-8, and half a surrogate pair, becomes U+FFFD; NaN and Infinity are none.
"""

import json
import re
from typing import Any, Final

from exporter.errors import DiscoveryError, Reason

MAX_BYTES: Final = 8 << 20
_MAX_VALUES: Final = 500_000
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_DECODER: Final = json.JSONDecoder(parse_constant=lambda name: _refuse_constant(name))
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def read_json(body: bytes) -> Any:
    """The data; raises `DiscoveryError`.

    A list is read one item after the other: the parser lets nobody else run meanwhile.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > _MAX_VALUES:
        raise DiscoveryError(f"it holds more than {_MAX_VALUES:,} values", Reason.PROTOCOL)
    text = body.decode("utf-8", "replace")
    try:
        return _read(text)
    except RecursionError as error:
        raise DiscoveryError("it is not JSON: nested too deep", Reason.PROTOCOL) from error
    except ValueError as error:
        raise DiscoveryError("it is not JSON", Reason.PROTOCOL) from error


def _read(text: str) -> Any:
    place = _after_space(text, 0)
    if text[place : place + 1] != "[":
        value, place = _DECODER.raw_decode(text, place)
        _check_end(text, place)
        return value
    items: list[Any] = []
    place = _after_space(text, place + 1)
    if text[place : place + 1] == "]":
        _check_end(text, place + 1)
        return items
    while True:
        item, place = _DECODER.raw_decode(text, _after_space(text, place))
        items.append(item)
        place = _after_space(text, place)
        separator = text[place : place + 1]
        place += 1
        if separator == "]":
            _check_end(text, place)
            return items
        if separator != ",":
            raise ValueError("neither , nor ]")


def _after_space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _check_end(text: str, place: int) -> None:
    if _after_space(text, place) != len(text):
        raise ValueError("something follows")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def without_surrogates(text: str) -> str:
    """The text as it can be written in UTF-8."""
    return _SURROGATES.sub("\ufffd", text)
