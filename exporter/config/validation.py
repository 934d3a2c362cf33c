"""pydantic's errors in our words: where, and what to do about it."""

import difflib
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from exporter.errors import Place, Problem, describe
from exporter.url_login import without_login

# Of a wrong value, for showing it.
_MAX_READ: Final = 1_000

# How much two words have to have in common, as difflib counts it.
_LIKELY: Final = 0.6
_MORE_LIKELY: Final = 0.7
_SHORT: Final = 5


class PlacedError(ValueError):
    """An error of a validator that found problems below its value; places are relative to it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "; ".join(f"{describe(problem.place)}: {problem.message}" for problem in self.problems)
        )


def problems_of(error: ValidationError, model: type[BaseModel], data: object) -> list[Problem]:
    """Every error that pydantic collected, each place once."""
    problems: dict[tuple[Place, str], Problem] = {}
    details = error.errors(include_url=False)
    for detail in details:
        # Only because of those in it that are wrong.
        if detail["type"] == "too_short" and any(
            _is_within(other["loc"], detail["loc"]) for other in details
        ):
            continue
        for problem in _translate(detail, model, data):
            problems.setdefault((problem.place, problem.message), problem)
    return list(problems.values())


def _is_within(place: Place, around: Place) -> bool:
    return len(place) > len(around) and place[: len(around)] == around


def _translate(detail: ErrorDetails, model: type[BaseModel], data: object) -> Iterator[Problem]:
    place = _place_in(data, detail["loc"])
    kind = detail["type"]
    if kind == "extra_forbidden":
        yield Problem(place, f"unknown key{hint(str(place[-1]), _keys_at(model, place[:-1]))}", at_key=True)
    elif kind == "missing":
        yield Problem((*_place_in(data, detail["loc"][:-1]), detail["loc"][-1]), "is missing")
    elif kind == "value_error" and isinstance(cause := detail["ctx"]["error"], PlacedError):
        for problem in cause.problems:
            yield Problem(place + problem.place, problem.message, problem.at_key)
    else:
        yield Problem(place, _sentence(detail), at_key="[key]" in detail["loc"])


def _place_in(data: object, loc: Place) -> Place:
    """Return the location of an error without the steps that pydantic adds.

    These are tags of unions, `[key]`, names of functions.
    """
    place: list[str | int] = []
    for step in loc:
        steps: Mapping[str | int, Any] = dict(enumerate(data)) if isinstance(data, list) else {}
        steps = data if isinstance(data, dict) else steps
        if step in steps:
            data = steps[step]
            place.append(step)
    return tuple(place)


def _sentence(detail: ErrorDetails) -> str:
    context: Mapping[str, Any] = detail.get("ctx", {})
    make = _SENTENCES.get(detail["type"])
    if make is None:
        return detail["msg"][:1].lower() + detail["msg"][1:]
    return make(context, detail["input"])


def kind_of(value: object) -> str:
    """Describe a wrong value, as the end of "must be …, not …"."""
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "a list"
    return "a mapping" if isinstance(value, dict) else f'"{_shorten(without_login(str(value)[:_MAX_READ]))}"'


def _shorten(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _must_be(what: str) -> Callable[[Mapping[str, Any], object], str]:
    return lambda _, value: f"must be {what}, not {kind_of(value)}"


def _must_be_shape(what: str) -> Callable[[Mapping[str, Any], object], str]:
    """Like `_must_be`, without the value: it may be a secret that stands one level too high."""

    def sentence(_: Mapping[str, Any], value: object) -> str:
        kind = "a text" if isinstance(value, str) else kind_of(value)
        return f"must be {what}, not {kind}"

    return sentence


def _one_of(context: Mapping[str, Any], value: object) -> str:
    options = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
    return f"must be one of {', '.join(options)}, not {kind_of(value)}{hint(str(value), options)}"


_SENTENCES: Final[dict[str, Callable[[Mapping[str, Any], object], str]]] = {
    "string_type": _must_be_shape("a text"),
    "int_type": _must_be("a whole number"),
    "int_parsing": _must_be("a whole number"),
    "int_parsing_size": _must_be("a whole number of sensible size"),
    "int_from_float": _must_be("a whole number"),
    "float_type": _must_be("a number"),
    "float_parsing": _must_be("a number"),
    "finite_number": _must_be("a finite number"),
    "bool_type": _must_be("true or false"),
    "bool_parsing": _must_be("true or false"),
    "list_type": _must_be_shape("a list"),
    "tuple_type": _must_be_shape("a list"),
    "set_type": _must_be_shape("a list"),
    "dict_type": _must_be_shape("a mapping"),
    "mapping_type": _must_be_shape("a mapping"),
    "model_type": _must_be_shape("a mapping"),
    "model_attributes_type": _must_be_shape("a mapping"),
    "literal_error": _one_of,
    "enum": _one_of,
    "greater_than": lambda context, _: f"must be greater than {context['gt']}",
    "greater_than_equal": lambda context, _: f"must be at least {context['ge']}",
    "less_than": lambda context, _: f"must be less than {context['lt']}",
    "less_than_equal": lambda context, _: f"must be at most {context['le']}",
    "too_short": lambda context, _: f"must have at least {context['min_length']} items",
    "too_long": lambda context, _: f"must have at most {context['max_length']} items",
    "string_too_short": lambda context, _: "must not be empty",
    "string_too_long": lambda context, _: f"must have at most {context['max_length']} characters",
    "value_error": lambda context, _: str(context["error"]),
}


def hint(word: str, options: Iterable[str], *, prefix: str = "") -> str:
    """The end of a sentence about a word that is not known: what seems to be meant; empty where nothing.

    Nothing is likely because of a `prefix` that most of the options have. Short words have to be closer.
    """
    known = list(options)
    if word == "disabled" and "enabled" in known:
        return ', did you mean "enabled: false"?'
    by_rest = {_compared(option, prefix): option for option in reversed(known)}
    rest = _compared(word, prefix)
    cutoff = _LIKELY if len(rest) > _SHORT and not prefix else _MORE_LIKELY
    close = difflib.get_close_matches(rest, by_rest, n=1, cutoff=cutoff)
    return f', did you mean "{by_rest[close[0]]}"?' if close else ""


def _compared(word: str, prefix: str) -> str:
    """The word as it is compared: without a prefix, whatever it has between its parts."""
    text = word.lower().removeprefix(prefix.lower()) or word.lower()
    return text.replace("-", "_").removeprefix("_")


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that a mapping at this place may have."""
    annotations: list[Any] = [model]
    for step in place:
        annotations = [inner for annotation in annotations for inner in _step_into(annotation, step)]
    return [
        field.alias or name
        for annotation in annotations
        for candidate in (*_models_in(annotation), *_items_in(annotation))
        for name, field in candidate.model_fields.items()
    ]


def _step_into(annotation: Any, step: str | int) -> Iterator[Any]:
    for option in _options(annotation):
        if _is_model(option):
            for name, field in option.model_fields.items():
                if step == (field.alias or name):
                    yield field.annotation
        elif get_args(option):
            # The items of a list or tuple, or the values of a dictionary.
            arguments = [argument for argument in get_args(option) if argument is not Ellipsis]
            yield arguments[-1]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    return (option for option in _options(annotation) if _is_model(option))


def _items_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models of the items of a list, of which one may stand alone."""
    return (
        item
        for option in _options(annotation)
        if get_origin(option) in (list, tuple)
        for argument in get_args(option)
        for item in _models_in(argument)
    )


def _options(annotation: Any) -> Iterator[Any]:
    """The members of a union, with `Annotated` taken off."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _options(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for option in get_args(annotation):
            yield from _options(option)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
