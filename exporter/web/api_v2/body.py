"""JSON bodies of requests, parsed in pieces: Python's parser blocks the event loop within one."""

import json
import re
from typing import Any, Final

from starlette.requests import Request

from exporter.time_slice import TimeSlice
from exporter.web.api_v2.reply import RefusedError

MAX_BYTES: Final = 32 << 20
"""The largest body that is read."""

MAX_CHARACTERS: Final = 256 << 10
"""The longest element of a list, and the longest of all else."""

MAX_VALUES: Final = 1_000_000
"""About how many values a body may hold: they need far more memory than their text."""

_SPACE: Final = re.compile(r"[ \t\r\n]*")


async def read_json(request: Request) -> Any:
    """Read the body of a request, None for none; raises `RefusedError` where it is too large or no JSON."""
    body = bytearray()
    values = 0
    async for chunk in request.stream():
        body += chunk
        values += chunk.count(b",") + chunk.count(b"[") + chunk.count(b"{")
        if len(body) > MAX_BYTES:
            raise RefusedError(f"the body is larger than {MAX_BYTES >> 20} MiB", 413)
        if values > MAX_VALUES:
            raise RefusedError(f"the body holds more than {MAX_VALUES:,} values", 413)
    try:
        return await _read(body.decode())
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"the body is not JSON: {error}") from error


async def _read(text: str) -> Any:
    start = _after_space(text, 0)
    if text[start : start + 1] == "[" and len(text) > MAX_CHARACTERS:
        return await _read_elements(text, start + 1)
    if len(text) > MAX_CHARACTERS:
        raise _too_long()
    return _DECODER.decode(text) if start < len(text) else None


async def _read_elements(text: str, start: int) -> list[Any]:
    """Read the elements of a long list, which is cut into windows for the parser."""
    elements: list[Any] = []
    turn = TimeSlice()
    window, place = text[start : start + MAX_CHARACTERS], 0
    while True:
        try:
            element, end, follows = _read_element(window, place)
        except ValueError:
            if place == 0 and len(window) == MAX_CHARACTERS:
                raise _too_long() from None
            if place == 0:
                raise
            # The element may be complete in the next window.
            start += place
            window, place = text[start : start + MAX_CHARACTERS], 0
            continue
        elements.append(element)
        place = end
        if follows == "]":
            if _after_space(text, start + place) != len(text):
                raise ValueError("something follows")
            return elements
        if turn.is_over:
            await turn.yield_control()


def _read_element(window: str, place: int) -> tuple[Any, int, str]:
    """Return an element, the position after it and its comma, and the comma or the end of the list."""
    element, end = _DECODER.raw_decode(window, _after_space(window, place))
    end = _after_space(window, end)
    follows = window[end : end + 1]
    if follows not in (",", "]"):
        raise ValueError(f"neither , nor ] at character {end}" if follows else "it ends too early")
    return element, end + 1, follows


def _after_space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _too_long() -> RefusedError:
    return RefusedError(f"the body holds something that is longer than {MAX_CHARACTERS:,} characters", 413)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse)
