"""Comparisons of expected and got alerts and samples, written as promtool does."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from exporter.rules.texts import Texts


@dataclass(frozen=True, slots=True, order=True)
class FiringAlert:
    """An alert as tests compare it; empty values count."""

    labels: Texts
    annotations: Texts


@dataclass(frozen=True, slots=True)
class PlainSample:
    """A sample as tests compare it."""

    labels: Texts
    value: float


def samples_match(expected: Sequence[PlainSample], got: Sequence[PlainSample], *, fuzzy: bool) -> bool:
    """Tell whether both are the same samples; with `fuzzy` the last bit of a value may differ."""
    if len(expected) != len(got):
        return False
    pairs = zip(sort_samples(expected), sort_samples(got), strict=True)
    return all(one.labels == other.labels and _equal(one.value, other.value, fuzzy) for one, other in pairs)


def sort_samples(samples: Iterable[PlainSample]) -> list[PlainSample]:
    """Sort by labels."""
    return sorted(samples, key=lambda sample: sample.labels)


def _equal(one: float, other: float, fuzzy: bool) -> bool:
    if one == other:
        return True
    return fuzzy and other in (math.nextafter(one, math.inf), math.nextafter(one, -math.inf))


def describe_alerts(alerts: Sequence[FiringAlert]) -> str:
    """A list of alerts over several lines."""
    if not alerts:
        return "[]"
    lines = ["["]
    for number, alert in enumerate(alerts):
        comma = "," if number < len(alerts) - 1 else ""
        lines += [
            f"    {number}:",
            f"      Labels:{_describe(alert.labels)}",
            f"      Annotations:{_describe(alert.annotations)}{comma}",
        ]
    return "\n            ".join([*lines, "]"])


def describe_samples(samples: Sequence[PlainSample]) -> str:
    """A list of samples in one line."""
    return ", ".join(f"{_describe(one.labels)} {_exponential(one.value)}" for one in samples) or "nil"


def _describe(texts: Texts) -> str:
    name = dict(texts).get("__name__", "")
    inner = ", ".join(
        f"{key}={json.dumps(text, ensure_ascii=False)}" for key, text in texts if key != "__name__"
    )
    return f"{name}{{{inner}}}" if inner or not name else name


def _exponential(value: float) -> str:
    """Format as Go's `strconv.FormatFloat(value, 'E', -1, 64)`: the fewest digits that mean this."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, _ = Decimal(repr(value)).as_tuple()
    exponent = Decimal(repr(value)).adjusted() if value else 0
    text = "".join(map(str, digits)).rstrip("0") or "0"
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{'-' if sign else ''}{text[0]}{fraction}E{exponent:+03d}"
