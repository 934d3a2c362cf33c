"""Query results as Prometheus' API writes them: times as seconds, values as texts."""

from decimal import Decimal
from math import isinf
from typing import Any

from exporter.promql import Matrix, Result, Scalar, String, Vector


def encode_result(result: Result, at_ms: int, limit: int | None = None) -> dict[str, Any]:
    """The `data` of a query; `at_ms` is the moment that it was evaluated for, `limit` the number of series to
    show (None: all)."""
    value = result.value
    match value:
        case Vector():
            return {
                "resultType": "vector",
                "result": [
                    {"metric": sample.labels.as_dict(), "value": encode_point(at_ms, sample.value)}
                    for sample in value.samples[:limit]
                ],
            }
        case Matrix():
            return {
                "resultType": "matrix",
                "result": [
                    {
                        "metric": series.labels.as_dict(),
                        "values": [encode_point(at, number) for at, number in series.points],
                    }
                    for series in value.series[:limit]
                ],
            }
        case Scalar():
            return {"resultType": "scalar", "result": encode_point(at_ms, value.value)}
        case String():
            return {"resultType": "string", "result": [at_ms / 1000, value.value]}


def encode_point(at_ms: int, value: float) -> list[Any]:
    """A pair of seconds and the value's text."""
    return [at_ms / 1000 if at_ms % 1000 else at_ms // 1000, encode_value(value)]


def encode_value(value: float) -> str:
    """The shortest exact text without an exponent, as Go's `strconv.FormatFloat(v, 'f', -1, 64)`."""
    if value != value:
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")
