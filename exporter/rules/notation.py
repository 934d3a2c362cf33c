"""Unit tests of rules write series in a notation: `name{a="b"}` and `1 2+3x4 _ stale`.

Source: the series descriptions of promql/parser of Prometheus 3.
"""

import math
import re
from typing import Final, NamedTuple

from exporter.errors import QueryError
from exporter.model.labels import EMPTY, Labels
from exporter.model.matcher import MatchOp
from exporter.model.sample import STALE
from exporter.promql import VectorSelector, parse

# Promtool has no bound; a few words of a test file must not fill the memory.
MAX_VALUES: Final = 1_000_000

_DIGITS: Final = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_WORD: Final = r"(?:[Ii][Nn][Ff]|[Nn][Aa][Nn])"
# After a word an `x` would belong to the word.
_ITEM: Final = re.compile(
    r"(?P<gap>_)(?:x(?P<gaps>[0-9]+))?"
    rf"|(?P<value>stale|[-+]?(?:{_DIGITS}|{_WORD}))"
    rf"(?:(?:(?P<step>[-+]{_DIGITS})|(?<=[0-9.]))x(?P<times>[0-9]+))?",
    re.ASCII,
)


class _Item(NamedTuple):
    value: float | None
    step: float
    repeats: int


def parse_series(text: str) -> Labels:
    """The labels of a series as tests write it; `{}` is one without any.

    Raises `QueryError`.
    """
    if text.replace(" ", "") == "{}":
        return EMPTY
    selector = parse(text).root
    if not isinstance(selector, VectorSelector) or selector.offset_ms or selector.at_ms is not None:
        raise QueryError(f'"{text}" is not a series')
    if any(matcher.op is not MatchOp.EQUAL for matcher in selector.matchers):
        raise QueryError(f'"{text}" is not a series: its labels are given by =')
    return Labels([(matcher.name, matcher.value) for matcher in selector.matchers])


def parse_values(text: str) -> list[float | None]:
    """The values of a series, one for each interval; None: no sample there.

    Raises `QueryError`.
    """
    values: list[float | None] = []
    for word in text.split():
        item = _parse_item(word)
        if len(values) + item.repeats > MAX_VALUES:
            raise QueryError(f"a series has more than {MAX_VALUES} values")
        values += _expand(item)
    return values


def _parse_item(word: str) -> _Item:
    match = _ITEM.fullmatch(word)
    if match is None:
        raise QueryError(_fault(word))
    if match["gap"]:
        return _Item(None, 0.0, int(match["gaps"] or 1))
    value = STALE if match["value"] == "stale" else float(match["value"])
    # `1x3` is four values: the first and three more.
    return _Item(value, float(match["step"] or 0), int(match["times"] or 0) + 1)


def _expand(item: _Item) -> list[float | None]:
    if item.value is None or item.step == 0:
        return [item.value] * item.repeats
    values: list[float | None] = []
    value = item.value
    for _ in range(item.repeats):
        values.append(value)
        # Added up one by one, so that rounding is that of Prometheus.
        value = math.nan if math.isnan(value) else value + item.step
    return values


def _fault(word: str) -> str:
    if word.startswith("{{"):
        return "native histograms are not supported"
    return f'"{word}" is not a value of a series: write 1, 1x4, 1+2x4, _, _x4 or stale'
