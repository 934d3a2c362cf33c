"""Conversion of YAML scalars to values, as Alertmanager's reader (gopkg.in/yaml.v2) does it."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, PlainValidator

from exporter.config.alertmanager.matchers import (
    InvalidMatcherError,
    format_matcher,
    make_matcher,
    parse_matchers,
    sort_matchers,
)
from exporter.config.validation import PlacedError, kind_of
from exporter.errors import Problem
from exporter.model.matcher import Matcher, MatchOp

_CLASSIC_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
TRUE_WORDS: Final = frozenset(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"])
FALSE_WORDS: Final = frozenset(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"])

EMPTY: Final[dict[str, str]] = {}
"""The value of a map that is not written; nobody changes it."""


def _text(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
"""A text; nothing written is the empty text, also as a list item or as the value of a map."""


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in TRUE_WORDS | FALSE_WORDS:
        return value in TRUE_WORDS
    raise ValueError(f"must be true or false, not {kind_of(value)}")


def refuse(sentence: str) -> BeforeValidator:
    """A key that Alertmanager has and this daemon has not: what is said to whoever writes something there."""

    def check(value: object) -> None:
        if value and not (isinstance(value, str) and value in FALSE_WORDS):
            raise ValueError(sentence)

    return BeforeValidator(check, json_schema_input_type=object)


Flag = Annotated[bool, PlainValidator(_flag, json_schema_input_type=bool)]
"""A truth value in the words of YAML 1.1."""


def _label_name(name: str) -> str:
    if not name:
        raise ValueError("must be a label name, not empty")
    return name


LabelName = Annotated[Text, AfterValidator(_label_name)]
"""Any text but the empty one: since Alertmanager 0.27 label names are UTF-8."""


def _check_classic_names(values: dict[str, Any]) -> None:
    problems = [
        Problem((name,), f'"{name}" is not a label name: letters, digits and _, not beginning with a digit')
        for name in values
        if not _CLASSIC_NAME.fullmatch(name)
    ]
    if problems:
        raise PlacedError(problems)


def _label_values(values: dict[str, str]) -> dict[str, str]:
    _check_classic_names(values)
    return values


def _label_patterns(values: object) -> object:
    if not isinstance(values, dict):
        return values
    _check_classic_names(values)
    problems = []
    for name, pattern in values.items():
        try:
            if not isinstance(pattern, str):
                raise InvalidMatcherError(f"must be a regular expression, not {kind_of(pattern)}")
            make_matcher(name, MatchOp.REGEX, pattern)
        except InvalidMatcherError as error:
            problems.append(Problem((name,), str(error)))
    if problems:
        raise PlacedError(problems)
    return values


LabelValues = Annotated[dict[str, Text], AfterValidator(_label_values)]
"""The deprecated `match` form: label name to the value that it must have."""

LabelPatterns = Annotated[dict[str, str], BeforeValidator(_label_patterns)]
"""The deprecated `match_re` form: label name to an anchored regular expression."""


def _matchers(value: object) -> tuple[Matcher, ...]:
    if not isinstance(value, list):
        raise ValueError(f"must be a list of matchers, not {kind_of(value)}")
    matchers: list[Matcher] = []
    problems = []
    for index, line in enumerate(value):
        try:
            if isinstance(line, list | dict):
                raise InvalidMatcherError(f"must be a matcher such as foo=bar, not {kind_of(line)}")
            matchers += parse_matchers(line or "")
        except InvalidMatcherError as error:
            problems.append(Problem((index,), str(error)))
    if problems:
        raise PlacedError(problems)
    return sort_matchers(matchers)


Matchers = Annotated[
    tuple[Matcher, ...],
    PlainValidator(_matchers, json_schema_input_type=list[str]),
    PlainSerializer(lambda matchers: [format_matcher(one) for one in matchers], return_type=list[str]),
]
"""A list of texts, each with one or more matchers, with or without braces; in Alertmanager's order."""


def combine_matchers(
    values: LabelValues, patterns: LabelPatterns, matchers: tuple[Matcher, ...]
) -> tuple[Matcher, ...]:
    """The three forms in which a node may state its conditions, as one list in Alertmanager's order.

    A `match_re` pattern stands there with its anchors, as it does in Alertmanager's group keys.
    """
    combined = [make_matcher(name, MatchOp.EQUAL, value) for name, value in values.items()]
    combined += [make_matcher(name, MatchOp.REGEX, f"^(?:{pattern})$") for name, pattern in patterns.items()]
    return sort_matchers([*combined, *matchers])
