"""Formats values, labels and heads of families for the exposition formats.

Sources: https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://prometheus.io/docs/specs/om/open_metrics_spec/.
"""

from collections.abc import Collection, Sequence
from enum import Enum
from math import inf, isinf

from exporter.model.floats import normalize_bound
from exporter.model.labels import Labels, escape
from exporter.model.sample import Family, Kind


class Format(Enum):
    """A format that `/metrics` can answer in; the value is its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def format_value(value: float) -> str:
    """Return a sample value: whole numbers without a fraction, the rest in the shortest exact form."""
    if isinf(value):
        return "+Inf" if value == inf else "-Inf"
    return "NaN" if value != value else repr(float(value)).removesuffix(".0")


def format_values(values: Sequence[float | None]) -> Sequence[str | None]:
    """Return each value as `format_value` does, None for none; much faster for many."""
    if not values:
        return ()
    text = " ".join(map(repr, values)) + " "
    # None, inf and nan need care, and so do True and False, which are numbers to Python.
    if "n" in text or "T" in text or "F" in text:
        return [None if value is None else format_value(value) for value in values]
    return text.replace(".0 ", " ").split(" ")[:-1]


def format_labels(labels: Labels, hidden: Collection[str], form: Format) -> str:
    """Return `a="b",c="d"` without the hidden names."""
    return ",".join(
        f'{name}="{escape(normalize_bound(value) if name == "le" and form is Format.OPENMETRICS else value)}"'
        for name, value in labels.pairs
        if name not in hidden
    )


def format_head(family: Family, form: Format) -> str:
    """Return the HELP and TYPE lines of a family."""
    help_text = family.help.replace("\\", "\\\\").replace("\n", "\\n")
    name, kind = family.name, family.kind.value
    if form is Format.OPENMETRICS:
        help_text = help_text.replace('"', '\\"')
        name, kind = _openmetrics_head(family)
    return f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n"


def _openmetrics_head(family: Family) -> tuple[str, str]:
    """A counter's family has no `_total` there; a counter that was never named so is of unknown type."""
    if family.kind is Kind.COUNTER:
        base = family.name.removesuffix("_total")
        return (base, "counter") if base != family.name else (family.name, "unknown")
    if family.kind is Kind.UNTYPED:
        return family.name, "unknown"
    return family.name, family.kind.value
