"""The text of a list of servers, as file_sd, http_sd and others have it, to plain data, within bounds.

As Go reads JSON: what is no UTF-8, and half a surrogate pair, becomes U+FFFD; NaN and Infinity are none.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from exporter.errors import DiscoveryError, Reason

MAX_BYTES: Final = 8 << 20
_MAX_VALUES: Final = 500_000
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_DECODER: Final = json.JSONDecoder(parse_constant=lambda name: _refuse_constant(name))
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def read_json(body: bytes) -> Any:
    """The data; raises `DiscoveryError`.

    A list, and one in a mapping, is read one item after the other: the parser lets nobody else run meanwhile.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > _MAX_VALUES:
        raise DiscoveryError(f"it holds more than {_MAX_VALUES:,} values", Reason.PROTOCOL)
    text = body.decode("utf-8", "replace")
    try:
        return _Reader(text).whole()
    except RecursionError as error:
        raise DiscoveryError("it is not JSON: nested too deep", Reason.PROTOCOL) from error
    except ValueError as error:
        raise DiscoveryError("it is not JSON", Reason.PROTOCOL) from error


class _Reader:
    """Reads a text from its beginning."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def whole(self) -> Any:
        """The value that the text holds, and nothing else; raises `ValueError`."""
        value = self._mapping() if self._next() == "{" else self._value()
        if self._next():
            raise ValueError("something follows")
        return value

    def _mapping(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for _ in self._members("}"):
            key = self._plain()
            if not isinstance(key, str) or self._next() != ":":
                raise ValueError("no name and colon")
            self._place += 1
            values[key] = self._value()
        return values

    def _value(self) -> Any:
        if self._next() != "[":
            return self._plain()
        return [self._plain() for _ in self._members("]")]

    def _plain(self) -> Any:
        self._next()
        value, self._place = _DECODER.raw_decode(self._text, self._place)
        return value

    def _members(self, end: str) -> Iterator[None]:
        """Take a step for each member, up to the sign that ends them."""
        self._place += 1
        if self._next() == end:
            self._place += 1
            return
        sign = ","
        while sign == ",":
            yield
            sign = self._next()
            self._place += 1
        if sign != end:
            raise ValueError(f"neither , nor {end}")

    def _next(self) -> str:
        """The sign that comes next after space; empty at the end."""
        match = _SPACE.match(self._text, self._place)
        self._place = match.end() if match else self._place
        return self._text[self._place : self._place + 1]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def without_surrogates(text: str) -> str:
    """The text as it can be written in UTF-8."""
    return _SURROGATES.sub("\ufffd", text)
