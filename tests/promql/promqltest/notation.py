"""Test files write series in a notation: `name{label="value"} 0+10x5 _ stale NaN`.

Source: the rules for `series_description` in github.com/prometheus/prometheus,
promql/parser/generated_parser.y.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.model.matcher import MatchOp
from exporter.promql.numbers import parse_float
from exporter.promql.syntax.selectors import parse_selector, starts_selector
from exporter.promql.syntax.stream import TokenStream

_NUMBER: Final = r"(?:inf|nan|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)"
_QUOTED: Final = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
_HEAD: Final = re.compile(rf"[^\s{{]*(?:\{{(?:{_QUOTED}|[^\"'`}}])*\}}?)?")
_HISTOGRAM: Final = re.compile(r"\{\{[^}]*\}\}(?:[+-]\{\{[^}]*\}\})?(?:x([0-9]+))?")
_STEPPED: Final = re.compile(rf"([+-]?{_NUMBER})([+-]{_NUMBER})x([0-9]+)", re.I)
_MAX_POINTS: Final = 1_000_000


class Mark(Enum):
    """A point that is no number."""

    OMITTED = "_"
    STALE = "stale"
    HISTOGRAM = "{{}}"


@dataclass(frozen=True, slots=True)
class SeriesDescription:
    """A series and its points, one per step."""

    labels: Labels
    points: list[float | Mark]


def parse_series(text: str) -> SeriesDescription:
    """Read one line. Raises `QueryError`. Native histograms come out as `Mark.HISTOGRAM`."""
    head = _head_length(text)
    return SeriesDescription(parse_series_labels(text[:head]), parse_points(text[head:]))


def parse_series_labels(text: str) -> Labels:
    """The labels of `name{label="value"}`. Raises `QueryError`."""
    stream = TokenStream(text)
    if not starts_selector(stream.peek()):
        stream.unexpected("series")
    selector = parse_selector(stream)
    if selector.end != len(text.rstrip()):
        stream.unexpected("series")
    found = {}
    for matcher in selector.matchers:
        if matcher.op is not MatchOp.EQUAL:
            stream.fail(0, f'label "{matcher.name}" of a series must be given with "="')
        found[matcher.name] = matcher.value
    return Labels(found)


def _head_length(text: str) -> int:
    """The offset of the points: that of the first blank outside of braces and quotes."""
    match = _HEAD.match(text)
    return match.end() if match is not None else 0


def parse_points(text: str) -> list[float | Mark]:
    """Points between blanks: a number, `_`, `stale`, `a+bxn`, `a-bxn`, `axn`, `_xn`. Raises `QueryError`."""
    points: list[float | Mark] = []
    position = 0
    while True:
        while position < len(text) and text[position].isspace():
            position += 1
        if position >= len(text):
            return points
        end = position + _item_length(text[position:])
        points.extend(_expand(text[position:end]))
        if len(points) > _MAX_POINTS:
            raise QueryError(f"series has more than {_MAX_POINTS} points")
        position = end


def _item_length(text: str) -> int:
    match = _HISTOGRAM.match(text) or re.match(r"\S+", text)
    return match.end() if match else len(text)


def _expand(item: str) -> list[float | Mark]:
    histogram = _HISTOGRAM.fullmatch(item)
    if histogram is not None:
        return [Mark.HISTOGRAM] * (_count(histogram[1]) + 1)
    base, _, repeat = item.partition("x")
    if item == "stale":
        return [Mark.STALE]
    if base == "_":
        return [Mark.OMITTED] * (_count(repeat) if repeat else 1)
    stepped = _STEPPED.fullmatch(item)
    if stepped is not None:
        return _sequence(float(stepped[1]), float(stepped[2]), _count(stepped[3]))
    value = parse_float(base)
    if value is None or (repeat and not repeat.isdigit()) or item.endswith("x"):
        raise QueryError(f'"{item}" is no point of a series')
    return [value] * (_count(repeat) + 1)


def _sequence(value: float, step: float, count: int) -> list[float | Mark]:
    points: list[float | Mark] = []
    for _ in range(count + 1):
        points.append(value)
        value += step
    return points


def _count(text: str | None) -> int:
    count = int(text) if text and len(text) < 10 else 0
    if text and (len(text) >= 10 or count > _MAX_POINTS):
        raise QueryError(f"{text} repetitions are more than {_MAX_POINTS}")
    return count
