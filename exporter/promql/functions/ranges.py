"""Range functions take all samples of one series in a range."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from exporter.promql.functions.quantiles import quantile
from exporter.promql.functions.rates import changes, delta, idelta, increase, irate, rate, resets
from exporter.promql.kahan import add, kahan_mean, kahan_sum, kahan_variance

# Times and values of at least one sample, start and end of the range (milliseconds) -> value, or None.
RangeFunction = Callable[[Sequence[int], Sequence[float], int, int], float | None]


def _of_values(function: Callable[[Sequence[float]], float]) -> RangeFunction:
    return lambda times, values, start_ms, end_ms: function(values)


def largest(values: Sequence[float]) -> float:
    """The maximum; NaN only where all are NaN."""
    if values[0] == values[0]:
        # max() passes over a NaN unless it comes first.
        return max(values)
    return max((value for value in values if value == value), default=math.nan)


def smallest(values: Sequence[float]) -> float:
    """The minimum; NaN only where all are NaN."""
    if values[0] == values[0]:
        return min(values)
    return min((value for value in values if value == value), default=math.nan)


def deviation(values: Sequence[float]) -> float:
    """The population standard deviation."""
    variance = kahan_variance(values)
    return math.sqrt(variance) if variance >= 0 else math.nan


def quantile_over_time(phi: float) -> RangeFunction:
    """Return the function for one phi (0 to 1)."""
    return lambda times, values, start_ms, end_ms: quantile(phi, values)


def deriv(times: Sequence[int], values: Sequence[float], start_ms: int, end_ms: int) -> float | None:
    """The slope per second of the least-squares line; None for fewer than two samples."""
    return linear_regression(times, values, times[0])[0] if len(values) > 1 else None


def predict_linear(at_ms: int, seconds: float) -> RangeFunction:
    """Return the function: the least-squares line's value `seconds` after the time of evaluation."""

    def predict(times: Sequence[int], values: Sequence[float], start_ms: int, end_ms: int) -> float | None:
        if len(values) < 2:
            return None
        slope, intercept = linear_regression(times, values, at_ms)
        return slope * seconds + intercept

    return predict


def linear_regression(times: Sequence[int], values: Sequence[float], origin_ms: int) -> tuple[float, float]:
    """Slope per second and value at `origin_ms` of the least-squares line through two or more samples."""
    first = values[0]
    if all(value == first for value in values):
        return (math.nan, math.nan) if math.isinf(first) else (0.0, first)
    sum_x = sum_y = sum_xy = sum_xx = 0.0
    rest_x = rest_y = rest_xy = rest_xx = 0.0
    for time_ms, y in zip(times, values, strict=True):
        x = (time_ms - origin_ms) / 1000
        sum_x, rest_x = add(x, sum_x, rest_x)
        sum_y, rest_y = add(y, sum_y, rest_y)
        sum_xy, rest_xy = add(x * y, sum_xy, rest_xy)
        sum_xx, rest_xx = add(x * x, sum_xx, rest_xx)
    count = len(values)
    sum_x, sum_y, sum_xy, sum_xx = sum_x + rest_x, sum_y + rest_y, sum_xy + rest_xy, sum_xx + rest_xx
    covariance = sum_xy - sum_x * sum_y / count
    variance = sum_xx - sum_x * sum_x / count
    slope = covariance / variance if variance else math.nan
    return slope, sum_y / count - slope * sum_x / count


RANGE_FUNCTIONS: Final[dict[str, RangeFunction]] = {
    "avg_over_time": _of_values(kahan_mean),
    "changes": changes,
    "count_over_time": lambda times, values, start_ms, end_ms: float(len(times)),
    "delta": delta,
    "deriv": deriv,
    "first_over_time": _of_values(lambda values: values[0]),
    "idelta": idelta,
    "increase": increase,
    "irate": irate,
    "last_over_time": _of_values(lambda values: values[-1]),
    "max_over_time": _of_values(largest),
    "min_over_time": _of_values(smallest),
    "present_over_time": _of_values(lambda values: 1.0),
    "rate": rate,
    "resets": resets,
    "stddev_over_time": _of_values(deviation),
    "stdvar_over_time": _of_values(kahan_variance),
    "sum_over_time": _of_values(kahan_sum),
}

# Functions that accept the changes only: equal values in a row left out, so fewer values than times.
ACCEPT_CHANGES_ONLY: Final = frozenset(
    {
        "changes",
        "count_over_time",
        "delta",
        "first_over_time",
        "increase",
        "last_over_time",
        "max_over_time",
        "min_over_time",
        "present_over_time",
        "rate",
        "resets",
    }
)
