"""JSON in pieces: long answers are written and sent with breaks, and never copied as a whole."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exporter.time_slice import TimeSlice

# About how much is written between two breaks.
_PIECE_CHARACTERS: Final = 1 << 14
# A list longer than this is written element by element.
_SHORT: Final = 50


def json_texts(value: Any) -> Iterator[str]:
    """Any JSON, a little at a time. An iterator counts as a list, whose elements are asked for one by one."""
    if isinstance(value, Mapping) and _is_long(value):
        yield "{"
        for number, (name, one) in enumerate(value.items()):
            yield f"{',' if number else ''}{dump(name)}:"
            yield from json_texts(one)
        yield "}"
    elif isinstance(value, Iterator | list | tuple) and _is_long(value):
        yield from list_texts(map(json_texts, value))
    else:
        yield dump(value)


def _is_long(value: Any) -> bool:
    if isinstance(value, Mapping):
        return len(value) > _SHORT or any(map(_is_long, value.values()))
    if isinstance(value, list | tuple):
        return len(value) > _SHORT or any(map(_is_long, value))
    return isinstance(value, Iterator)


def list_texts(elements: Iterable[Iterable[str]]) -> Iterator[str]:
    """A list of elements that are JSON already."""
    yield "["
    for number, element in enumerate(elements):
        if number:
            yield ","
        yield from element
    yield "]"


def gather(texts: Iterable[str]) -> Iterator[bytes]:
    """Texts as bytes, in pieces of about one size."""
    piece: list[str] = []
    size = 0
    for text in texts:
        piece.append(text)
        size += len(text)
        if size >= _PIECE_CHARACTERS:
            yield _encode(piece)
            piece, size = [], 0
    yield _encode(piece)


def _encode(texts: Sequence[str]) -> bytes:
    # A lone surrogate cannot be sent as UTF-8: it can come from a label by way of a broken client.
    return "".join(texts).encode("utf-8", "replace")


def dump(value: Any) -> str:
    """JSON in one go, without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def json_response(value: Any, status_code: int = 200) -> Response:
    """An answer that is written with breaks."""
    return PiecesResponse([piece async for piece in TimeSlice().each(gather(json_texts(value)))], status_code)


class PiecesResponse(Response):
    """JSON, or what `media_type` says, that is sent piece by piece.

    `release` is called when it is sent, or cannot be.
    """

    media_type = "application/json"

    def __init__(
        self,
        pieces: Sequence[bytes],
        status_code: int = 200,
        release: Callable[[], None] | None = None,
        *,
        media_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status_code=status_code, headers=headers, media_type=media_type)
        self._pieces = pieces
        self._release = release
        self.headers["content-length"] = str(sum(map(len, pieces)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer in pieces."""
        pieces = iter(() if scope["method"] == "HEAD" else self._pieces)
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            while body := b"".join(islice(pieces, 4)):
                await send({"type": "http.response.body", "body": body, "more_body": True})
                await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._pieces = ()
            if self._release is not None:
                self._release()
