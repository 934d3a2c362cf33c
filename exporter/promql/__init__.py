"""PromQL: parses queries, and evaluates them over the store.

The stable part of Prometheus 3 is here, on floats; native histograms and experimental features are refused
with a sentence that says so. Other packages find here how to evaluate queries, with their pace and memory,
and the nodes of a parsed query.
"""

from exporter.promql.engine import Engine
from exporter.promql.expression import Expression, Selector, parse
from exporter.promql.limits import Limits
from exporter.promql.memory import MemoryAccount, MemoryBudget
from exporter.promql.result import Matrix, RangeSeries, Result, Scalar, String, Value, Vector, VectorSample
from exporter.promql.source import Pace
from exporter.promql.syntax.nodes import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
    walk,
)
from exporter.promql.syntax.printer import format_expression
from exporter.promql.syntax.restriction import restrict
from exporter.promql.syntax.signatures import ValueType

__all__ = [
    "Aggregate",
    "Binary",
    "Call",
    "Cardinality",
    "Engine",
    "Expr",
    "Expression",
    "Limits",
    "Matching",
    "Matrix",
    "MatrixSelector",
    "MemoryAccount",
    "MemoryBudget",
    "NumberLiteral",
    "Pace",
    "Paren",
    "RangeSeries",
    "Result",
    "Scalar",
    "Selector",
    "String",
    "StringLiteral",
    "Subquery",
    "Unary",
    "Value",
    "ValueType",
    "Vector",
    "VectorSample",
    "VectorSelector",
    "format_expression",
    "parse",
    "restrict",
    "walk",
]
