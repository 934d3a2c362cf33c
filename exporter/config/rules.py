"""`rules`: what the owner of a configuration wants otherwise in rules, by their names."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from exporter.config.fields import Duration, Section
from exporter.config.validation import PlacedError, kind_of
from exporter.errors import Problem
from exporter.model.label_conditions import InvalidConditionError, parse_condition, value_matcher
from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import Matcher

MAIN: Final = ""
"""The name of the threshold that a number alone sets."""

# Its name beside others, where there has to be one.
_MAIN_KEY: Final = "main"
_NUMBER_OR_TEXT: Final = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_TEXTS: Final = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def _threshold(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        return {MAIN: _number(value)}
    if not value:
        raise ValueError("must be a number, or a mapping of names to numbers, not an empty one")
    return {MAIN if name == _MAIN_KEY else str(name): _number(one, str(name)) for name, one in value.items()}


def _number(value: object, name: str = "") -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    sentence = f"must be a number such as 0.8, 80%, 2GiB or 5s, not {kind_of(value)}"
    raise PlacedError([Problem((name,), sentence)]) if name else ValueError(sentence)


def _matchers(value: object) -> tuple[Matcher, ...]:
    if isinstance(value, Mapping):
        return tuple(_of_label(str(name), one) for name, one in value.items())
    texts = value if isinstance(value, list | tuple) else [value]
    return tuple(matcher for text in texts for matcher in _of_text(text))


def _of_text(text: object) -> tuple[Matcher, ...]:
    if isinstance(text, Matcher):
        return (text,)
    if not isinstance(text, str):
        sentence = "must be labels with their values, or matchers such as 'env=\"prod\"'"
        raise ValueError(f"{sentence}, not {kind_of(text)}")
    try:
        return parse_condition(text)
    except InvalidConditionError as error:
        raise ValueError(str(error)) from None


def _of_label(name: str, value: object) -> Matcher:
    values = [one for one in _several("" if value is None else value) if isinstance(one, str)]
    if not values or (isinstance(value, list) and len(values) < len(value)):
        raise PlacedError([Problem((name,), f"must be a text, or a list of texts, not {kind_of(value)}")])
    try:
        return value_matcher(name, values)
    except InvalidConditionError as error:
        raise PlacedError([Problem((name,), str(error), at_key=True)]) from None


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _check_labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    problems = [
        Problem((name,), f'"{name}" is not allowed as the name of a label', at_key=True)
        for name in labels
        if not name or name in (METRIC_NAME, "alertname")
    ]
    if problems:
        raise PlacedError(problems)
    return labels


def _texts(value: Any) -> Any:
    """An empty value in a mapping of texts is the empty text."""
    if not isinstance(value, Mapping):
        return value
    return {name: "" if text is None else text for name, text in value.items()}


Threshold = Annotated[
    Mapping[str, str],
    PlainValidator(_threshold),
    WithJsonSchema(
        {"anyOf": [*_NUMBER_OR_TEXT["anyOf"], {"type": "object", "additionalProperties": _NUMBER_OR_TEXT}]}
    ),
]
Where = Annotated[
    tuple[Matcher, ...],
    PlainValidator(_matchers),
    PlainSerializer(lambda matchers: [str(matcher) for matcher in matchers], return_type=list[str]),
    WithJsonSchema({"anyOf": [{"type": "object", "additionalProperties": _TEXTS}, *_TEXTS["anyOf"]]}),
]
TextMapping = Annotated[dict[str, str], BeforeValidator(_texts)]


class RuleSection(Section):
    """What is otherwise in a rule, for all series or for those that `where` is true for."""

    threshold: Threshold | None = None
    """The number that the rule compares with, in its unit; `80%`, `2GiB` and `5s` are understood where it
    is a ratio, bytes or seconds. Where a rule has several, a mapping of their names (rules_reference.md)."""
    for_: Duration | None = Field(default=None, alias="for")
    """How long the threshold has to be crossed."""
    keep_firing_for: Duration | None = None
    """How long the alert goes on when it is not crossed any more."""
    severity: str | None = Field(default=None, min_length=1)
    """The label `severity`: `critical`, `warning`, `info`, or what your routes know."""
    enabled: bool = True
    """`false`: no alert."""
    labels: Annotated[TextMapping, AfterValidator(_check_labels)] = Field(default_factory=dict)
    """Labels of the alert, besides or instead of those of the rule; an empty value takes one away. Templates
    may stand in them."""
    annotations: TextMapping = Field(default_factory=dict)
    """Annotations of the alert, besides or instead of those of the rule. Templates may stand in them."""
    where: Where = ()
    """The series that this is for: labels with their value (or a list of values), or matchers as in PromQL,
    such as `'instance=~"cache-.*"'`. Without it, all."""


class _OneOrSeveral:
    """The schema of a list of which a single item may stand by itself."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        several = handler(schema)
        return {"anyOf": [several["items"], several]}


RuleSections = Annotated[
    tuple[RuleSection, ...], Field(min_length=1), BeforeValidator(_several), _OneOrSeveral()
]
"""One entry, or several of which the first holds that is for a series."""
