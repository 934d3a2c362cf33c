"""Query results as Prometheus' API writes them: times as seconds, values as texts."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from exporter.model.floats import format_float
from exporter.model.labels import Labels
from exporter.promql import Matrix, RangeSeries, Result, Scalar, String, Vector, VectorSample

_CHUNK: Final = 20


class Encoded(str):
    """A text that is JSON already."""


def encode_result(
    result: Result, at_ms: int, limit: int | None = None, give_way: Callable[[], None] | None = None
) -> Encoded:
    """The `data` of a query; `at_ms` is the moment that it was evaluated for, `limit` the number of series to
    show (None: all). `give_way` is called after each part that takes a while."""
    value = result.value
    match value:
        case Vector():
            kind, shown = "vector", _join(map(_sample(at_ms), value.samples[:limit]), give_way)
        case Matrix():
            kind, shown = "matrix", _join(map(_series, value.series[:limit]), give_way)
        case Scalar():
            kind, shown = "scalar", _point(at_ms, value.value)
        case String():
            kind, shown = "string", json.dumps([at_ms / 1000, value.value], ensure_ascii=False)
    return Encoded(f'{{"resultType":"{kind}","result":{shown}}}')


def _join(parts: Iterator[str], give_way: Callable[[], None] | None) -> str:
    found = []
    while chunk := list(islice(parts, _CHUNK)):
        found += chunk
        if give_way is not None:
            give_way()
    return f"[{','.join(found)}]"


def _sample(at_ms: int) -> Callable[[VectorSample], str]:
    return lambda sample: f'{{"metric":{_labels(sample.labels)},"value":{_point(at_ms, sample.value)}}}'


def _series(series: RangeSeries) -> str:
    points = ",".join([_point(at, number) for at, number in series.points])
    return f'{{"metric":{_labels(series.labels)},"values":[{points}]}}'


def _labels(labels: Labels) -> str:
    return json.dumps(labels.as_dict(), ensure_ascii=False, separators=(",", ":"))


def _point(at_ms: int, value: float) -> str:
    """A pair of seconds and the value's text."""
    return f'[{at_ms / 1000 if at_ms % 1000 else at_ms // 1000},"{format_float(value)}"]'
