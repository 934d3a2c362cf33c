"""The exposition formats: values, labels, heads of families.

Sources: https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://prometheus.io/docs/specs/om/open_metrics_spec/.
"""

from collections.abc import Collection
from enum import Enum
from math import inf, isinf
from typing import Final

from exporter.model.floats import format_bound
from exporter.model.labels import Labels, escape
from exporter.model.sample import Family, Kind


class Format(Enum):
    """A format that `/metrics` can answer in; the value is its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


# Most values are small whole numbers: their texts are there once.
_SMALL: Final = 1024
_SMALL_TEXTS: Final = [str(number) for number in range(_SMALL)]


def format_value(value: float) -> str:
    """A sample value: whole numbers without a fraction, the rest in the shortest exact form."""
    if value.__class__ is not float:
        value = float(value)
    if value.is_integer():
        if 0.0 <= value < _SMALL:
            return _SMALL_TEXTS[int(value)]
        return str(int(value)) if -1e15 < value < 1e15 else repr(value)
    if isinf(value):
        return "+Inf" if value == inf else "-Inf"
    return "NaN" if value != value else repr(value)


def format_labels(labels: Labels, hidden: Collection[str], form: Format) -> str:
    """`a="b",c="d"` without the hidden names."""
    return ",".join(
        f'{name}="{escape(format_bound(value) if name == "le" and form is Format.OPENMETRICS else value)}"'
        for name, value in labels.pairs
        if name not in hidden
    )


def format_head(family: Family, form: Format) -> str:
    """The HELP and TYPE lines of a family."""
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
