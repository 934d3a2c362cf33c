"""Signatures give the names and types of the functions of PromQL.

Source: github.com/prometheus/prometheus, promql/parser/functions.go (3.x).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ValueType(StrEnum):
    """The type of an expression's value."""

    SCALAR = "scalar"
    VECTOR = "vector"
    MATRIX = "matrix"
    STRING = "string"

    @property
    def documented(self) -> str:
        """The name that the documentation and error messages use."""
        return {"vector": "instant vector", "matrix": "range vector"}.get(self.value, self.value)


@dataclass(frozen=True, slots=True)
class Signature:
    """The argument types and the result of a function.

    Up to `optional` arguments may be missing at the end, and with `repeats` the last type may come any number
    of times, also none.
    """

    name: str
    arguments: tuple[ValueType, ...]
    returns: ValueType
    optional: int = 0
    repeats: bool = False


_S, _V, _M, _T = ValueType.SCALAR, ValueType.VECTOR, ValueType.MATRIX, ValueType.STRING


def _table(names: str, arguments: tuple[ValueType, ...], optional: int = 0) -> dict[str, Signature]:
    return {name: Signature(name, arguments, _V, optional) for name in names.split()}


FUNCTIONS: Final[dict[str, Signature]] = {
    **_table("abs absent ceil exp floor ln log10 log2 sgn sort sort_desc sqrt timestamp", (_V,)),
    **_table("acos acosh asin asinh atan atanh cos cosh deg rad sin sinh tan tanh", (_V,)),
    **_table("day_of_month day_of_week day_of_year days_in_month hour minute month year", (_V,), 1),
    **_table("changes delta deriv idelta increase irate rate resets", (_M,)),
    **_table("absent_over_time avg_over_time count_over_time first_over_time last_over_time", (_M,)),
    **_table(
        "max_over_time min_over_time present_over_time stddev_over_time stdvar_over_time sum_over_time", (_M,)
    ),
    **_table("clamp", (_V, _S, _S)),
    **_table("clamp_max clamp_min", (_V, _S)),
    **_table("round", (_V, _S), 1),
    **_table("histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum", (_V,)),
    **_table("histogram_fraction", (_S, _S, _V)),
    **_table("histogram_quantile", (_S, _V)),
    **_table("predict_linear", (_M, _S)),
    **_table("quantile_over_time", (_S, _M)),
    **_table("label_replace", (_V, _T, _T, _T, _T)),
    **_table("vector", (_S,)),
    "label_join": Signature("label_join", (_V, _T, _T, _T), _V, repeats=True),
    "pi": Signature("pi", (), _S),
    "scalar": Signature("scalar", (_V,), _S),
    "time": Signature("time", (), _S),
}

EXPERIMENTAL_FUNCTIONS: Final = frozenset(
    {
        "double_exponential_smoothing",
        "end",
        "histogram_quantiles",
        "info",
        "integral",
        "mad_over_time",
        "max_of",
        "min_of",
        "range",
        "sort_by_label",
        "sort_by_label_desc",
        "start",
        "start_timestamp",
        "step",
        "ts_of_first_over_time",
        "ts_of_last_over_time",
        "ts_of_max_over_time",
        "ts_of_min_over_time",
    }
)
EXPERIMENTAL_AGGREGATORS: Final = frozenset({"limitk", "limit_ratio"})
PARAMETER_TYPES: Final[dict[str, ValueType]] = {
    "topk": _S,
    "bottomk": _S,
    "quantile": _S,
    "count_values": _T,
}
# Functions whose result depends on the time of evaluation even when their arguments are fixed by `@`.
TIME_DEPENDENT_FUNCTIONS: Final = frozenset(
    {
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "days_in_month",
        "hour",
        "minute",
        "month",
        "predict_linear",
        "time",
        "timestamp",
        "year",
    }
)
