"""The measure of an alert's value: the threshold it passed, where the expression leaves no doubt."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exporter.gotemplate.humanize import (
    four_digits,
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
)
from exporter.promql import Expr
from exporter.rules.comparison import comparisons_of
from exporter.rules.model import AlertSpec

_BOUNDS: Final = (">", ">=", "<", "<=")
# How an annotation prints the value tells what it is; `B` after a binary prefix makes it bytes.
_PRINTED: Final = re.compile(r"\{\{-?\s*\$value\s*(?:\|\s*(\w+)\s*)?-?\}\}(B?)")
_WHOLE: Final = re.compile(r"""printf\s+["`]%(\.0f|d)["`]\s+\$value""")
_NOT_A_UNIT: Final = ("humanize", "humanize1024", "")


class Printed(StrEnum):
    """How the annotations of a rule print its value."""

    PERCENTAGE = "percentage"
    DURATION = "duration"
    BYTES = "bytes"
    WHOLE = "whole"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Measure:
    """The number that a rule compares its value with, and how both are printed.

    `is_upper`: values above it are too many, not too few.
    """

    threshold: float
    is_upper: bool
    print: Callable[[float], str]

    def tell(self, value: float) -> str:
        """A value against its limit: `91.2% (limit 85%)`; empty where the value is no number."""
        if not math.isfinite(value):
            return ""
        word = "limit" if self.is_upper else "minimum"
        shown, limit = self.print(value), self.print(self.threshold)
        if shown == limit and self.print is _whole:
            # Rounded it would be no reason for an alert.
            shown = _plain(value)
        return f"{shown} ({word} {limit})"


def measure_of(spec: AlertSpec) -> Measure | None:
    """The last comparison of a rule's expression, if it is what the value of its alerts was let through by.

    None where there is no such comparison with a number. Nor where the number is 0, since that something is
    there at all is no limit; nor where it is a fraction of nobody knows what.
    """
    comparison = _comparison(spec.expression.root)
    if comparison is None or comparison[1] == 0 or not math.isfinite(comparison[1]):
        return None
    op, threshold = comparison
    printer = _PRINTERS[printed_as(spec)]
    if printer in (_plain, _whole) and abs(threshold) < 1:
        return None
    return Measure(threshold, op in (">", ">="), printer)


def _comparison(node: Expr) -> tuple[str, float] | None:
    """The operator and the number that the values of this expression have passed, whichever way they took."""
    found = {
        None if one is None or one.number is None or one.op not in _BOUNDS else (one.op, one.number)
        for one in comparisons_of(node)
    }
    return found.pop() if len(found) == 1 else None


def printed_as(spec: AlertSpec) -> Printed:
    """Return how the annotations print the value: as a plain number where they disagree or do not."""
    found = {
        (function, unit)
        for name, source in spec.annotation_texts
        if not name.endswith("_url")
        for function, unit in _PRINTED.findall(source)
    }
    functions = {function for function, _ in found if function not in _NOT_A_UNIT}
    if functions == {"humanizePercentage"}:
        return Printed.PERCENTAGE
    if functions == {"humanizeDuration"}:
        return Printed.DURATION
    if not functions and ("humanize1024", "B") in found:
        return Printed.BYTES
    if any(_WHOLE.search(source) for _, source in spec.annotation_texts):
        return Printed.WHOLE
    return Printed.PLAIN


def _whole(value: float) -> str:
    """`7` of what an increase has extrapolated to 7.028; a limit may be a fraction all the same."""
    return _plain(round(value)) if abs(value) >= 1 else _plain(value)


def _plain(value: float) -> str:
    """`0.5`, `12.34`, `16,384`, `1.235M`."""
    if abs(value) < 1000:
        return four_digits(value)
    return f"{value:,.0f}" if abs(value) < 1e6 else humanize(value)


def _duration(value: float) -> str:
    """`5m` instead of `5m 0s`."""
    return re.sub(r"( 0[hms])+$", "", humanize_duration(value))


def _bytes(value: float) -> str:
    return f"{humanize1024(value)}B"


_PRINTERS: Final = {
    Printed.PERCENTAGE: humanize_percentage,
    Printed.DURATION: _duration,
    Printed.BYTES: _bytes,
    Printed.WHOLE: _whole,
    Printed.PLAIN: _plain,
}
