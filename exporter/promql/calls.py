"""The operators for function calls, one builder per kind of function."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from exporter.errors import QueryError
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import MatchOp
from exporter.promql.functions.calendar import CALENDAR
from exporter.promql.functions.elementwise import ELEMENTWISE, clamping, rounding
from exporter.promql.functions.sliding import SLIDES
from exporter.promql.functions.windows import (
    TAKE_DISTINCT,
    WINDOW_FUNCTIONS,
    predict_linear,
    quantile_over_time,
)
from exporter.promql.operators.base import ScalarOperator, VectorOperator
from exporter.promql.operators.elementwise import (
    Absent,
    CalendarOfEvaluation,
    Clamp,
    MapValues,
    MapWithParameters,
    Sort,
    TimestampOfEvaluation,
    VectorOfScalar,
)
from exporter.promql.operators.histogram import HistogramFraction, HistogramQuantile
from exporter.promql.operators.labels import Relabel, joining, replacing
from exporter.promql.operators.scalar import Constant, ScalarOfVector, Time
from exporter.promql.operators.selectors import SelectTimestamps, SelectWindows
from exporter.promql.operators.windowed import (
    AbsentOverTime,
    ApplyToCounters,
    ApplyToWindows,
    ApplyWithParameter,
    QuantileOverTime,
)
from exporter.promql.syntax.nodes import Call, Expr, MatrixSelector, VectorSelector, unwrap
from exporter.promql.vector import Key

if TYPE_CHECKING:
    from exporter.promql.compiler import Compiler

_Builder = Callable[["Compiler", Call], VectorOperator]


def compile_scalar_call(compiler: "Compiler", node: Call) -> ScalarOperator:
    """The operator for a function that yields a number."""
    if node.function.name == "scalar":
        return ScalarOfVector(compiler.vector(node.args[0]))
    return Time() if node.function.name == "time" else Constant(math.pi)


def compile_call(compiler: "Compiler", node: Call) -> VectorOperator:
    """The operator for a function that yields an instant vector."""
    name = node.function.name
    if name in ELEMENTWISE:
        return compiler.nameless(MapValues(ELEMENTWISE[name], compiler.vector(node.args[0])))
    if name in CALENDAR:
        if not node.args:
            return CalendarOfEvaluation(CALENDAR[name])
        return compiler.nameless(MapValues(CALENDAR[name], compiler.vector(node.args[0])))
    if name in WINDOW_FUNCTIONS:
        return _window_function(compiler, node)
    return _BUILDERS[name](compiler, node)


def _check_label_name(name: str, role: str, function: str) -> None:
    if not name:
        raise QueryError(f"invalid {role} label name in {function}(): ")


def _window_function(compiler: "Compiler", node: Call) -> VectorOperator:
    name = node.function.name
    windows = compiler.windows(node.args[0], distinct=name in TAKE_DISTINCT)
    function = WINDOW_FUNCTIONS[name]
    prefetch = windows.prefetch(function, SLIDES.get(name)) if isinstance(windows, SelectWindows) else None
    applied = ApplyToWindows(function, windows, prefetch)
    if name in ("first_over_time", "last_over_time"):
        return applied
    if name in ("rate", "increase"):
        counted = ApplyToCounters(applied, unwrap(node.args[0]).start)
        return compiler.nameless(counted, of_ranges=True)
    return compiler.nameless(applied, of_ranges=True)


def _quantile_over_time(compiler: "Compiler", node: Call) -> VectorOperator:
    share = compiler.scalar(node.args[0])
    applied = ApplyToWindows(WINDOW_FUNCTIONS["count_over_time"], compiler.windows(node.args[1]))
    prepared = ApplyWithParameter(lambda at, number: quantile_over_time(number), applied, share)
    found = QuantileOverTime(prepared, share, unwrap(node.args[0]).start)
    return compiler.nameless(found, of_ranges=True)


def _predict_linear(compiler: "Compiler", node: Call) -> VectorOperator:
    applied = ApplyToWindows(WINDOW_FUNCTIONS["count_over_time"], compiler.windows(node.args[0]))
    found = ApplyWithParameter(predict_linear, applied, compiler.scalar(node.args[1]))
    return compiler.nameless(found, of_ranges=True)


def _absent_over_time(compiler: "Compiler", node: Call) -> VectorOperator:
    return AbsentOverTime(compiler.windows(node.args[0], distinct=True), _key_of_absent(node.args[0]))


def _absent(compiler: "Compiler", node: Call) -> VectorOperator:
    return Absent(compiler.vector(node.args[0]), _key_of_absent(node.args[0]))


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


def _round(compiler: "Compiler", node: Call) -> VectorOperator:
    nearest = compiler.scalar(node.args[1]) if len(node.args) > 1 else Constant(1.0)
    return compiler.nameless(MapWithParameters(rounding, compiler.vector(node.args[0]), [nearest]))


def _clamp(compiler: "Compiler", node: Call) -> VectorOperator:
    parameters = [compiler.scalar(argument) for argument in node.args[1:]]
    clamped = MapWithParameters(clamping, compiler.vector(node.args[0]), parameters)
    return compiler.nameless(Clamp(clamped, *parameters))


def _clamp_max(compiler: "Compiler", node: Call) -> VectorOperator:
    parameters = [Constant(-math.inf), compiler.scalar(node.args[1])]
    return compiler.nameless(MapWithParameters(clamping, compiler.vector(node.args[0]), parameters))


def _clamp_min(compiler: "Compiler", node: Call) -> VectorOperator:
    parameters = [compiler.scalar(node.args[1]), Constant(math.inf)]
    return compiler.nameless(MapWithParameters(clamping, compiler.vector(node.args[0]), parameters))


def _timestamp(compiler: "Compiler", node: Call) -> VectorOperator:
    argument = unwrap(node.args[0])
    if isinstance(argument, VectorSelector):
        return compiler.nameless(SelectTimestamps(argument))
    return compiler.nameless(TimestampOfEvaluation(compiler.vector(argument)))


def _label_replace(compiler: "Compiler", node: Call) -> VectorOperator:
    label, replacement, source, pattern = map(compiler.string, node.args[1:])
    _check_label_name(label, "destination", "label_replace")
    compute = replacing(source, pattern, replacement, compiler.limits.label_value_chars)
    return Relabel(compiler.vector(node.args[0]), label, compute)


def _label_join(compiler: "Compiler", node: Call) -> VectorOperator:
    label, separator, *sources = map(compiler.string, node.args[1:])
    _check_label_name(label, "destination", "label_join")
    for name in sources:
        _check_label_name(name, "source", "label_join")
    compute = joining(separator, sources, compiler.limits.label_value_chars)
    return Relabel(compiler.vector(node.args[0]), label, compute)


def _histogram_quantile(compiler: "Compiler", node: Call) -> VectorOperator:
    share, buckets = node.args
    found = HistogramQuantile(
        compiler.scalar(share),
        compiler.vector(buckets),
        unwrap(share).start,
        unwrap(buckets).start,
        tells_names=compiler.drops_names_late,
    )
    return compiler.nameless(found)


def _histogram_fraction(compiler: "Compiler", node: Call) -> VectorOperator:
    lower, upper, buckets = node.args
    found = HistogramFraction(
        compiler.scalar(lower),
        compiler.scalar(upper),
        compiler.vector(buckets),
        unwrap(buckets).start,
        tells_names=compiler.drops_names_late,
    )
    return compiler.nameless(found)


def _sort(compiler: "Compiler", node: Call, *, descending: bool) -> VectorOperator:
    operand = compiler.vector(node.args[0])
    return Sort(operand, descending=descending, steps=compiler.steps, offset=node.start)


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
    "sort": lambda compiler, node: _sort(compiler, node, descending=False),
    "sort_desc": lambda compiler, node: _sort(compiler, node, descending=True),
    "timestamp": _timestamp,
    "vector": lambda compiler, node: VectorOfScalar(compiler.scalar(node.args[0])),
}
