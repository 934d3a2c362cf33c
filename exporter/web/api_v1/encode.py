"""Query results as Prometheus' API writes them: times as seconds, values as texts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from exporter.model.floats import format_float
from exporter.model.labels import Labels
from exporter.promql import Matrix, RangeSeries, Result, Scalar, String, Vector, VectorSample
from exporter.web.json_pieces import dump, gather, json_texts, list_texts

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


def encode_result(
    result: Result,
    at_ms: int,
    limit: int | None = None,
    check: Check = go_on,
    stats: Mapping[str, Any] | None = None,
) -> Encoded:
    """The `data` of a query; `at_ms` is the moment that it was evaluated for, `limit` the number of series to
    show (None: all), `stats` what is told of how it was evaluated. `check` is called after each part that
    takes a while."""
    value = result.value
    match value:
        case Vector():
            kind, shown = "vector", list_texts(map(_sample(at_ms), value.samples[:limit]))
        case Matrix():
            kind, shown = "matrix", list_texts(map(_series, value.series[:limit]))
        case Scalar():
            kind, shown = "scalar", iter([_point(at_ms, value.value)])
        case String():
            kind, shown = "string", iter([dump([at_ms / 1000, value.value])])
    end = "}" if stats is None else f',"stats":{dump(stats)}}}'
    return _collect(chain([f'{{"resultType":"{kind}","result":'], shown, [end]), check)


def encode_json(value: Any, check: Check = go_on) -> Encoded:
    """Any JSON, as `json_texts`."""
    return _collect(json_texts(value), check)


def _collect(texts: Iterable[str], check: Check) -> Encoded:
    parts: list[bytes] = []
    for part in gather(texts):
        parts.append(part)
        check(len(part))
    return Encoded(parts)


def _sample(at_ms: int) -> Callable[[VectorSample], Sequence[str]]:
    return lambda sample: (f'{{"metric":{_labels(sample.labels)},"value":{_point(at_ms, sample.value)}}}',)


def _series(series: RangeSeries) -> Iterator[str]:
    points = ",".join([_point(at, number) for at, number in series.points])
    yield f'{{"metric":{_labels(series.labels)},"values":[{points}]}}'


def _labels(labels: Labels) -> str:
    return dump(labels.as_dict())


def _point(at_ms: int, value: float) -> str:
    """A pair of seconds and the value's text."""
    return f'[{at_ms / 1000 if at_ms % 1000 else at_ms // 1000},"{format_float(value)}"]'
