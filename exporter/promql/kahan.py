"""Kahan's sums carry a compensation, in the order and with the corner cases of Prometheus.

So the digits agree.

Source of the algorithms: github.com/prometheus/prometheus, util/kahansum and promql/functions.go (Neumaier's
variant of Kahan summation).
"""

import math
from collections.abc import Sequence


def add(increment: float, total: float, compensation: float) -> tuple[float, float]:
    """One step: the new total and its compensation."""
    result = total + increment
    if math.isinf(result):
        return result, 0.0
    if abs(total) >= abs(increment):
        return result, compensation + ((total - result) + increment)
    return result, compensation + ((increment - result) + total)


def kahan_sum(values: Sequence[float]) -> float:
    """The sum of the values; 0 for none."""
    if len(values) == 1:
        # As from many groups; added to 0, of which a negative zero becomes a positive one.
        return 0.0 + values[0]
    total, compensation = _totals(values)
    return total + compensation


def _totals(values: Sequence[float]) -> tuple[float, float]:
    """The sum and its compensation, which is 0 where the sum is no finite number."""
    total = compensation = 0.0
    for value in values:
        result = total + value
        if abs(total) >= abs(value):
            compensation += (total - result) + value
        else:
            compensation += (value - result) + total
        total = result
    # An infinity or NaN spoils the compensation, and stays in the total.
    return total, compensation if math.isfinite(total) else 0.0


def kahan_mean(values: Sequence[float]) -> float:
    """The mean of at least one value.

    It is their sum by their number, or an incremental mean from where the sum would overflow.
    """
    total, compensation = _totals(values)
    count = len(values)
    if math.isfinite(total):
        return total / count + compensation / count
    total, compensation = values[0], 0.0
    for index, value in enumerate(values[1:], 1):
        result, changed = add(value, total, compensation)
        if math.isinf(result):
            return _incremental_mean(values, index, total / index, compensation / index)
        total, compensation = result, changed
    return total / count + compensation / count


def _incremental_mean(values: Sequence[float], start: int, mean: float, compensation: float) -> float:
    for count, value in enumerate(values[start:], start + 1):
        ratio = (count - 1) / count
        mean, compensation = add(value / count, ratio * mean, ratio * compensation)
    return mean + compensation


def kahan_variance(values: Sequence[float]) -> float:
    """The population variance, by Welford's method with compensation."""
    mean = mean_compensation = squares = squares_compensation = 0.0
    for count, value in enumerate(values, 1):
        delta = value - (mean + mean_compensation)
        mean, mean_compensation = add(delta / count, mean, mean_compensation)
        squares, squares_compensation = add(
            delta * (value - (mean + mean_compensation)), squares, squares_compensation
        )
    return (squares + squares_compensation) / len(values)
