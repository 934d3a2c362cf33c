"""Query results as Prometheus' API writes them: times as seconds, values as texts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from exporter.model.floats import format_float, format_json
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


def never_stop(written_bytes: int) -> None:
    """The `check` of what is short."""


def encode_result(
    result: Result,
    at_ms: int,
    limit: int | None = None,
    check: Check = never_stop,
    stats: Mapping[str, Any] | None = None,
) -> Encoded:
    """Return the `data` of the answer to a query.

    `at_ms` is the time that it was evaluated for, `limit` the number of series to show (None: all), `stats`
    the statistics of the evaluation. `check` is called after each part that takes a while.
    """
    value = result.value
    match value:
        case Vector():
            kind, shown = "vector", list_texts(map(_sample(at_ms), value.samples[:limit]))
        case Matrix():
            kind, shown = "matrix", list_texts(map(_Points().series, value.series[:limit]))
        case Scalar():
            # Prometheus writes scalars without exponent: `Scalar.MarshalJSON` in promql/value.go.
            kind, shown = "scalar", iter([f'[{_time(at_ms)},"{format_float(value.value)}"]'])
        case String():
            kind, shown = "string", iter([dump([at_ms / 1000, value.value])])
    end = "}" if stats is None else f',"stats":{dump(stats)}}}'
    return _collect(chain([f'{{"resultType":"{kind}","result":'], shown, [end]), check)


def encode_json(value: Any, check: Check = never_stop) -> Encoded:
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


class _Points:
    """Writes the points of series, which have the same times as a rule: these are written once."""

    def __init__(self) -> None:
        self._times: list[int] = []
        # What stands before each value: the end of the pair before, and the time.
        self._before: list[str] = []

    def series(self, series: RangeSeries) -> Iterator[str]:
        """A series of a matrix."""
        yield f'{{"metric":{_labels(series.labels)},"values":[{self._pairs(series.points)}]}}'

    def _pairs(self, points: Sequence[tuple[int, float]]) -> str:
        if not points:
            return ""
        times = [at for at, _ in points]
        if times != self._times:
            self._times = times
            self._before = [f'"],[{_time(at)},"' for at in times]
        texts = [repr(value) for _, value in points]
        written = "".join(chain.from_iterable(zip(self._before, texts, strict=True)))
        if "e" in written or "n" in written:
            # Exponents, infinities and NaN have their own notation.
            return ",".join([_point(at, value) for at, value in points])
        return f'{written[3:]}"]'.replace('.0"', '"')


def _labels(labels: Labels) -> str:
    return dump(labels.as_dict())


def _point(at_ms: int, value: float) -> str:
    """A pair of seconds and the value's text."""
    return f'[{_time(at_ms)},"{format_json(value)}"]'


def _time(at_ms: int) -> str:
    """Seconds."""
    return str(at_ms / 1000 if at_ms % 1000 else at_ms // 1000)
