"""Thresholds of a rule: the numbers in its expression that can be set, each with a name.

The one that the rule's values are let through by has the name "", where there is just one such number. Others
are named in the expression, by a comment behind them in their line, which is plain PromQL:

    redis_keyspace_biggest_key_growing_passes > 12  # threshold in scans
    and redis_keyspace_biggest_key_memory_bytes > 10 * 1024 * 1024  # threshold size in bytes: of the key
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from exporter.promql import Binary, Expr, Paren
from exporter.rules.comments import comments_of
from exporter.rules.comparison import Comparison, comparisons_of, number_of
from exporter.rules.model import AlertSpec
from exporter.rules.tailoring.units import unit_of

MAIN: Final = ""
_BOUNDS: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_COMMENT: Final = re.compile(
    r"#[ \t]*threshold(?:[ \t]+(?!in\b)(?P<name>[a-z][a-z0-9_]*))?(?:[ \t]+in[ \t]+(?P<unit>[^:\n]*[^:\s]))?"
    r"(?:[ \t]*:[ \t]*(?P<about>[^\n]*))?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Where a number stands in the text of an expression."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that can be set: what it is now, how it is compared (`""`: it is not), and where it stands.

    `unit` is ratio, seconds, bytes, or whatever the rule counts, or empty; `about` says what the number is.
    """

    name: str
    number: float
    op: str
    unit: str
    about: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The thresholds of a rule by name; `why_not` says why there is none of the name "", where that is so."""

    by_name: Mapping[str, Threshold] = field(default_factory=dict)
    why_not: str = ""

    @property
    def main(self) -> Threshold | None:
        """The one that a number alone sets."""
        return self.by_name.get(MAIN)


def thresholds_of(spec: AlertSpec) -> Thresholds:
    """Find the thresholds of a rule."""
    numbers = list(_numbers(spec.expression.root, ""))
    named = _named(spec, numbers)
    if MAIN in named:
        return Thresholds({MAIN: named.pop(MAIN), **named})
    found, why_not = _main(spec, numbers)
    if found is None:
        return Thresholds(named, why_not)
    taken = {span for one in named.values() for span in one.spans}
    if taken & set(found.spans):
        return Thresholds(named, "it has several, each with a name")
    return Thresholds({MAIN: found, **named})


@dataclass(frozen=True, slots=True)
class _Number:
    """A constant of an expression, however it is computed, and the operator before it."""

    value: float
    op: str
    span: Span


def _numbers(node: Expr, op: str) -> Iterator[_Number]:
    """The largest constant parts of an expression, in the order of its text."""
    value = number_of(node)
    if value is not None:
        yield _Number(value, op, Span(node.start, node.end))
    elif isinstance(node, Binary) and node.op == "*":
        # A factor bounds what is compared with the product.
        yield from _numbers(node.left, op)
        yield from _numbers(node.right, op)
    elif isinstance(node, Paren):
        yield from _numbers(node.expr, op)
    elif isinstance(node, Binary):
        yield from _numbers(node.left, _BOUNDS.get(node.op, ""))
        yield from _numbers(node.right, node.op if node.op in _BOUNDS else "")
    else:
        for child in node.children:
            yield from _numbers(child, "")


def _named(spec: AlertSpec, numbers: Sequence[_Number]) -> dict[str, Threshold]:
    """Those that a comment names: the last number before it in its line."""
    found: dict[str, Threshold] = {}
    for at, text in comments_of(spec.query):
        comment = _COMMENT.fullmatch(text)
        if comment is None:
            continue
        line_start = spec.query.rfind("\n", 0, at) + 1
        before = [one for one in numbers if line_start <= one.span.start and one.span.end <= at]
        if not before:
            continue
        number, name = max(before, key=lambda one: one.span.end), (comment["name"] or MAIN)
        unit = comment["unit"] or (unit_of(spec) if name == MAIN else "")
        known = found.get(name)
        if known is None:
            found[name] = Threshold(
                name, number.value, number.op, unit, (comment["about"] or "").strip(), (number.span,)
            )
        elif known.number == number.value:
            found[name] = replace(known, spans=(*known.spans, number.span))
    return found


def _main(spec: AlertSpec, numbers: Sequence[_Number]) -> tuple[Threshold | None, str]:
    """The number that values are let through by; where none is, the only one of any comparison."""
    passed = [one for one in comparisons_of(spec.expression.root) if one is not None]
    bounds = {(one.op, one.number): one for one in passed if one.op in _BOUNDS and _is_number(one)}
    compared = [one for one in numbers if one.op and math.isfinite(one.value)]
    if len(bounds) > 1:
        return None, f"it has several: {', '.join(_words(one.op, one.number) for one in bounds.values())}"
    if bounds:
        op, number = next(iter(bounds))
        same = [other.threshold for other in passed if (other.op, other.number) == (op, number)]
        spans = tuple(Span(other.start, other.end) for other in same)
        return Threshold(MAIN, number or 0.0, op, unit_of(spec), "", spans), ""
    if len(compared) == 1:
        only = compared[0]
        return Threshold(MAIN, only.value, only.op, "", "", (only.span,)), ""
    return None, _why_not(spec, passed, compared)


def _is_number(comparison: Comparison) -> bool:
    return comparison.number is not None and math.isfinite(comparison.number)


def _why_not(spec: AlertSpec, passed: Sequence[Comparison], compared: Sequence[_Number]) -> str:
    states = [one for one in passed if one.op in ("==", "!=") and one.number is not None]
    if states:
        return f"it asks for a state ({_words(states[0].op, states[0].number)}), which is no limit"
    if len(compared) > 1:
        return f"it has several numbers: {', '.join(_words(one.op, one.value) for one in compared)}"
    if passed:
        return "it compares two series with each other"
    recorded = sorted(name for name in spec.expression.metric_names if ":" in name)
    where = f"; {', '.join(recorded)} may have one, in the rule that records it" if recorded else ""
    return f"it compares with no number{where}"


def _words(op: str, number: float | None) -> str:
    return f"{op} {number:g}"
