"""Compares a result with what a script expects."""

import sys

from exporter.promql import Matrix, Scalar, String, Value, Vector
from exporter.promql.result import RangeSeries
from tests.promql.promqltest.notation import Mark
from tests.promql.promqltest.script import Eval

_EPSILON = 1e-6


class Mismatch(Exception):  # noqa: N818 (it is the outcome of a comparison, not a fault of this code)
    """A result that is not as expected."""


def almost_equal(left: float, right: float) -> bool:
    """Whether two values agree in the sense of promqltest: |a-b| / (|a|+|b|) < 1e-6."""
    if left != left or right != right:
        return left != left and right != right
    if left == right:
        return True
    size, difference = abs(left) + abs(right), abs(left - right)
    if left == 0 or right == 0 or size < sys.float_info.min:
        return difference < _EPSILON * sys.float_info.min
    return difference / min(size, sys.float_info.max) < _EPSILON


def compare(found: Eval, value: Value) -> None:
    """Raise `Mismatch` unless the value is as expected."""
    match value:
        case String():
            if value.value != found.string:
                raise Mismatch(f"expected string {found.string!r}, got {value.value!r}")
        case Scalar():
            if found.scalar is None or not almost_equal(found.scalar, value.value):
                raise Mismatch(f"expected {found.scalar}, got scalar {value.value}")
        case Vector():
            _compare_vector(found, value)
        case Matrix():
            _compare_matrix(found, value)


def _compare_vector(found: Eval, vector: Vector) -> None:
    if found.scalar is not None:
        raise Mismatch("expected a scalar, got a vector")
    places = {labels: place for place, labels in enumerate(found.series)}
    seen = set()
    for place, sample in enumerate(vector.samples):
        expected = found.series.get(sample.labels)
        if expected is None:
            raise Mismatch(f"unexpected {sample.labels} {sample.value}")
        if found.is_ordered and places[sample.labels] != place:
            raise Mismatch(f"{sample.labels} is in place {place + 1}, expected {places[sample.labels] + 1}")
        first = expected[0]
        if isinstance(first, Mark) or not almost_equal(first, sample.value):
            raise Mismatch(f"expected {first} for {sample.labels}, got {sample.value}")
        seen.add(sample.labels)
    for labels in found.series:
        if labels not in seen:
            raise Mismatch(f"missing {labels}")


def _compare_matrix(found: Eval, matrix: Matrix) -> None:
    if found.is_ordered or found.scalar is not None:
        raise Mismatch("expected something else than a matrix")
    if [one.labels for one in matrix.series] != sorted(one.labels for one in matrix.series):
        raise Mismatch("the series are not sorted")
    for series in matrix.series:
        _compare_series(found, series)
    missing = found.series.keys() - {one.labels for one in matrix.series}
    for labels in missing:
        raise Mismatch(f"missing {labels}")


def _compare_series(found: Eval, series: RangeSeries) -> None:
    points = found.series.get(series.labels)
    if points is None:
        raise Mismatch(f"unexpected {series.labels} {series.points}")
    expected = [
        (found.start_ms + index * found.step_ms, point)
        for index, point in enumerate(points)
        if not isinstance(point, Mark)
    ]
    if [time for time, _ in expected] != [time for time, _ in series.points]:
        raise Mismatch(f"expected {expected} for {series.labels}, got {series.points}")
    for (_, wanted), (time, value) in zip(expected, series.points, strict=True):
        if not almost_equal(wanted, value):
            raise Mismatch(f"expected {wanted} for {series.labels} at {time}, got {value}")
