"""Query results as Prometheus' API writes them: times as seconds, values as texts."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from exporter.model.floats import format_float
from exporter.model.labels import Labels
from exporter.promql import Matrix, RangeSeries, Result, Scalar, String, Vector, VectorSample

# About how much is written between two calls of `check`.
_PIECE_CHARACTERS: Final = 1 << 15
# A list longer than this is written in pieces.
_SHORT: Final = 100

Check = Callable[[int], None]
"""Called with the number of bytes that were written since the last call."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """JSON, in pieces."""

    parts: Sequence[bytes]

    @property
    def whole(self) -> bytes:
        """In one piece."""
        return b"".join(self.parts)


def go_on(written_bytes: int) -> None:
    """The `check` of what is short."""


def encode_result(result: Result, at_ms: int, limit: int | None = None, check: Check = go_on) -> Encoded:
    """The `data` of a query; `at_ms` is the moment that it was evaluated for, `limit` the number of series to
    show (None: all). `check` is called after each part that takes a while."""
    value = result.value
    match value:
        case Vector():
            kind, shown = "vector", _list(map(_sample(at_ms), value.samples[:limit]))
        case Matrix():
            kind, shown = "matrix", _list(map(_series, value.series[:limit]))
        case Scalar():
            kind, shown = "scalar", iter([_point(at_ms, value.value)])
        case String():
            kind, shown = "string", iter([json.dumps([at_ms / 1000, value.value], ensure_ascii=False)])
    return Encoded(_collect(chain([f'{{"resultType":"{kind}","result":'], shown, ["}"]), check))


def encode_json(value: Any, check: Check = go_on) -> Encoded:
    """Any JSON; long lists and what is around them in pieces."""
    return Encoded(_collect(_pieces(value), check))


def _collect(texts: Iterable[str], check: Check) -> list[bytes]:
    """Texts as one, in pieces of about one size."""
    parts: list[bytes] = []
    piece: list[str] = []
    size = 0
    for text in chain(texts, [""]):
        piece.append(text)
        size += len(text)
        if size >= _PIECE_CHARACTERS or not text:
            # A lone surrogate cannot be sent as UTF-8: it can come from a label by way of a broken client.
            parts.append("".join(piece).encode("utf-8", "replace"))
            piece, size = [], 0
            check(len(parts[-1]))
    return parts


def _list(elements: Iterator[str]) -> Iterator[str]:
    """A list of elements that are written already."""
    yield "["
    yield from islice(elements, 1)
    for element in elements:
        yield f",{element}"
    yield "]"


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and any(isinstance(one, Mapping | list | tuple) for one in value.values()):
        yield "{"
        for number, (name, one) in enumerate(value.items()):
            yield f"{',' if number else ''}{_dump(name)}:"
            yield from _pieces(one)
        yield "}"
    elif isinstance(value, list | tuple) and len(value) > _SHORT:
        yield from _list(map(_dump, value))
    else:
        yield _dump(value)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _sample(at_ms: int) -> Callable[[VectorSample], str]:
    return lambda sample: f'{{"metric":{_labels(sample.labels)},"value":{_point(at_ms, sample.value)}}}'


def _series(series: RangeSeries) -> str:
    points = ",".join([_point(at, number) for at, number in series.points])
    return f'{{"metric":{_labels(series.labels)},"values":[{points}]}}'


def _labels(labels: Labels) -> str:
    return _dump(labels.as_dict())


def _point(at_ms: int, value: float) -> str:
    """A pair of seconds and the value's text."""
    return f'[{at_ms / 1000 if at_ms % 1000 else at_ms // 1000},"{format_float(value)}"]'
