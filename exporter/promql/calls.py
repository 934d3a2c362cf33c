"""Function calls compile to operators, by one builder per kind of function."""

import math
from collections.abc import Callable
from typing import Final, Protocol

from exporter.errors import QueryError
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import MatchOp
from exporter.model.quoting import as_text, is_text
from exporter.promql.functions.calendar import CALENDAR
from exporter.promql.functions.elementwise import ELEMENTWISE, clamping, rounding
from exporter.promql.functions.ranges import (
    ACCEPT_CHANGES_ONLY,
    RANGE_FUNCTIONS,
    predict_linear,
    quantile_over_time,
)
from exporter.promql.functions.sliding import EDGES, SLIDES
from exporter.promql.limits import Limits
from exporter.promql.operators.base import RangeVectorOperator, ScalarOperator, VectorOperator
from exporter.promql.operators.elementwise import (
    Absent,
    CalendarOfEvaluation,
    Clamp,
    MapValues,
    MapWithParameters,
    NoneOf,
    Sort,
    Steps,
    TimestampOfEvaluation,
    VectorOfScalar,
)
from exporter.promql.operators.histogram import HistogramFraction, HistogramQuantile
from exporter.promql.operators.labels import Relabel, joining, replacing
from exporter.promql.operators.range_functions import (
    AbsentOverTime,
    ApplyToCounters,
    ApplyToRanges,
    ApplyWithParameter,
    QuantileOverTime,
)
from exporter.promql.operators.scalar import Constant, ScalarOfVector, Time
from exporter.promql.operators.selectors import SelectRangeVector, SelectTimestamps
from exporter.promql.syntax.nodes import Call, Expr, MatrixSelector, Subquery, VectorSelector, unwrap
from exporter.promql.vector import Key


class Operands(Protocol):
    """The compiler as function calls use it: it builds the operators of their arguments."""

    @property
    def limits(self) -> Limits:
        """The limits of the query."""
        ...

    @property
    def drops_names_late(self) -> bool:
        """True if metric names go from the result only."""
        ...

    @property
    def steps(self) -> Steps:
        """The moments at which the call will be evaluated."""
        ...

    def vector(self, node: Expr) -> VectorOperator:
        """Build the operator of an instant vector."""
        ...

    def scalar(self, node: Expr) -> ScalarOperator:
        """Build the operator of a number."""
        ...

    def range_vector(self, node: Expr, *, changes_only: bool = False) -> RangeVectorOperator:
        """Build the operator of a range vector; `changes_only`: without repeated values."""
        ...

    def string(self, node: Expr) -> str:
        """Return the value of a string."""
        ...

    def nameless(self, operator: VectorOperator, *, of_ranges: bool = False) -> VectorOperator:
        """Return the same without the metric names."""
        ...


# Functions that pass over floats without a word; and there is nothing else here.
_OF_NATIVE_HISTOGRAMS: Final = frozenset(
    f"histogram_{figure}" for figure in ("avg", "count", "stddev", "stdvar", "sum")
)

_Builder = Callable[[Operands, Call], VectorOperator]


def compile_scalar_call(operands: Operands, node: Call) -> ScalarOperator:
    """The operator for a function that yields a number."""
    if node.function.name == "scalar":
        return ScalarOfVector(operands.vector(node.args[0]))
    return Time() if node.function.name == "time" else Constant(math.pi)


def compile_call(operands: Operands, node: Call) -> VectorOperator:
    """The operator for a function that yields an instant vector."""
    name = node.function.name
    if name in ELEMENTWISE:
        return operands.nameless(MapValues(ELEMENTWISE[name], operands.vector(node.args[0])))
    if name in CALENDAR:
        if not node.args:
            return CalendarOfEvaluation(CALENDAR[name])
        return operands.nameless(MapValues(CALENDAR[name], operands.vector(node.args[0])))
    if name in RANGE_FUNCTIONS:
        return _range_function(operands, node)
    if name in _OF_NATIVE_HISTOGRAMS:
        return NoneOf(operands.vector(node.args[0]))
    return _BUILDERS[name](operands, node)


def _check_label_name(name: str, role: str, function: str) -> None:
    if not name or not is_text(name):
        raise QueryError(f"invalid {role} label name in {function}(): {as_text(name)}")


def _range_function(operands: Operands, node: Call) -> VectorOperator:
    name = node.function.name
    range_vector = operands.range_vector(node.args[0], changes_only=name in ACCEPT_CHANGES_ONLY)
    function = RANGE_FUNCTIONS[name]
    prefetch = None
    if isinstance(range_vector, SelectRangeVector):
        prefetch = range_vector.prefetch(function, SLIDES.get(name), edges_only=name in EDGES)
    applied = ApplyToRanges(function, range_vector, prefetch)
    if name in ("first_over_time", "last_over_time"):
        return applied
    if name in ("rate", "increase"):
        argument = unwrap(node.args[0])
        # What Prometheus says about the values of a subquery has no place in the query.
        counted = ApplyToCounters(applied, 0 if isinstance(argument, Subquery) else argument.start)
        return operands.nameless(counted, of_ranges=True)
    return operands.nameless(applied, of_ranges=True)


def _quantile_over_time(operands: Operands, node: Call) -> VectorOperator:
    phi = operands.scalar(node.args[0])
    applied = ApplyToRanges(RANGE_FUNCTIONS["count_over_time"], operands.range_vector(node.args[1]))
    prepared = ApplyWithParameter(lambda at_ms, number: quantile_over_time(number), applied, phi)
    found = QuantileOverTime(prepared, phi, unwrap(node.args[0]).start)
    return operands.nameless(found, of_ranges=True)


def _predict_linear(operands: Operands, node: Call) -> VectorOperator:
    applied = ApplyToRanges(RANGE_FUNCTIONS["count_over_time"], operands.range_vector(node.args[0]))
    found = ApplyWithParameter(predict_linear, applied, operands.scalar(node.args[1]))
    return operands.nameless(found, of_ranges=True)


def _absent_over_time(operands: Operands, node: Call) -> VectorOperator:
    range_vector = operands.range_vector(node.args[0], changes_only=True)
    return AbsentOverTime(range_vector, _key_of_absent(node.args[0]))


def _absent(operands: Operands, node: Call) -> VectorOperator:
    return Absent(operands.vector(node.args[0]), _key_of_absent(node.args[0]))


def _key_of_absent(node: Expr) -> Key:
    """The labels that a selector fixes by equality, each named once; nothing for anything but a selector."""
    node = unwrap(node)
    selector = node.selector if isinstance(node, MatrixSelector) else node
    found: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in selector.matchers if isinstance(selector, VectorSelector) else ():
        if matcher.name == METRIC_NAME:
            continue
        if matcher.op is MatchOp.EQUAL and matcher.name not in seen:
            found[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            found.pop(matcher.name, None)
    return Key(Labels(found))


def _round(operands: Operands, node: Call) -> VectorOperator:
    nearest = operands.scalar(node.args[1]) if len(node.args) > 1 else Constant(1.0)
    return operands.nameless(MapWithParameters(rounding, operands.vector(node.args[0]), [nearest]))


def _clamp(operands: Operands, node: Call) -> VectorOperator:
    parameters = [operands.scalar(argument) for argument in node.args[1:]]
    clamped = MapWithParameters(clamping, operands.vector(node.args[0]), parameters)
    return operands.nameless(Clamp(clamped, *parameters))


def _clamp_max(operands: Operands, node: Call) -> VectorOperator:
    parameters = [Constant(-math.inf), operands.scalar(node.args[1])]
    return operands.nameless(MapWithParameters(clamping, operands.vector(node.args[0]), parameters))


def _clamp_min(operands: Operands, node: Call) -> VectorOperator:
    parameters = [operands.scalar(node.args[1]), Constant(math.inf)]
    return operands.nameless(MapWithParameters(clamping, operands.vector(node.args[0]), parameters))


def _timestamp(operands: Operands, node: Call) -> VectorOperator:
    argument = unwrap(node.args[0])
    if isinstance(argument, VectorSelector):
        return operands.nameless(SelectTimestamps(argument))
    return operands.nameless(TimestampOfEvaluation(operands.vector(argument)))


def _label_replace(operands: Operands, node: Call) -> VectorOperator:
    label, replacement, source, pattern = map(operands.string, node.args[1:])
    _check_label_name(label, "destination", "label_replace")
    compute = replacing(source, pattern, as_text(replacement), operands.limits.label_value_chars)
    return Relabel(operands.vector(node.args[0]), label, compute)


def _label_join(operands: Operands, node: Call) -> VectorOperator:
    label, separator, *sources = map(operands.string, node.args[1:])
    _check_label_name(label, "destination", "label_join")
    for name in sources:
        _check_label_name(name, "source", "label_join")
    compute = joining(as_text(separator), sources, operands.limits.label_value_chars)
    return Relabel(operands.vector(node.args[0]), label, compute)


def _histogram_quantile(operands: Operands, node: Call) -> VectorOperator:
    phi, buckets = node.args
    found = HistogramQuantile(
        operands.scalar(phi),
        operands.vector(buckets),
        unwrap(phi).start,
        unwrap(buckets).start,
        tells_names=operands.drops_names_late,
    )
    return operands.nameless(found)


def _histogram_fraction(operands: Operands, node: Call) -> VectorOperator:
    lower, upper, buckets = node.args
    found = HistogramFraction(
        operands.scalar(lower),
        operands.scalar(upper),
        operands.vector(buckets),
        unwrap(buckets).start,
        tells_names=operands.drops_names_late,
    )
    return operands.nameless(found)


def _sort(operands: Operands, node: Call, *, descending: bool) -> VectorOperator:
    operand = operands.vector(node.args[0])
    return Sort(operand, descending=descending, steps=operands.steps, offset=node.start)


_BUILDERS: Final[dict[str, _Builder]] = {
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "clamp": _clamp,
    "clamp_max": _clamp_max,
    "clamp_min": _clamp_min,
    "histogram_fraction": _histogram_fraction,
    "histogram_quantile": _histogram_quantile,
    "label_join": _label_join,
    "label_replace": _label_replace,
    "predict_linear": _predict_linear,
    "quantile_over_time": _quantile_over_time,
    "round": _round,
    "sort": lambda operands, node: _sort(operands, node, descending=False),
    "sort_desc": lambda operands, node: _sort(operands, node, descending=True),
    "timestamp": _timestamp,
    "vector": lambda operands, node: VectorOfScalar(operands.scalar(node.args[0])),
}
