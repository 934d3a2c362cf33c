"""PromQL: parses queries, and evaluates them over the store.

What Prometheus 3 has as stable is here, on floats; native histograms and experimental features are refused
with a sentence that says so.
"""

from exporter.promql.engine import Engine
from exporter.promql.expression import Expression, Selector, parse
from exporter.promql.limits import Limits
from exporter.promql.result import Matrix, RangeSeries, Result, Scalar, String, Value, Vector, VectorSample
from exporter.promql.syntax.signatures import ValueType

__all__ = [
    "Engine",
    "Expression",
    "Limits",
    "Matrix",
    "RangeSeries",
    "Result",
    "Scalar",
    "Selector",
    "String",
    "Value",
    "ValueType",
    "Vector",
    "VectorSample",
    "parse",
]
