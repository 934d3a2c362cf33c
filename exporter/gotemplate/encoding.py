"""Encoding writes template values as JSON, in the way of Go's encoding/json."""

import json
import math
from typing import Final

from exporter.gotemplate.limits import LARGEST_TEXT
from exporter.gotemplate.times import Time
from exporter.gotemplate.values import FunctionError, Structure, to_valid, type_name

_ESCAPES: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_DEEPEST: Final = 30


def to_json(value: object) -> str:
    """The value as JSON without spaces, with the characters escaped that matter inside HTML, as Go does it.

    Raises `FunctionError` for what JSON cannot say.
    """
    text = encode_json(to_plain(value))
    if len(text) > LARGEST_TEXT:
        raise FunctionError(f"a text of more than {LARGEST_TEXT} characters")
    return text


def encode_json(plain: object) -> str:
    """Encode the result of `to_plain`, as text of any length."""
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def to_plain(value: object, depth: int = 0) -> object:
    """The value in the types that `json` knows; structures by their JSON names, maps by sorted keys."""
    if depth > _DEEPEST:
        raise FunctionError("json: nested too deeply")
    match value:
        case None | bool():
            return value
        case int():
            return int(value)
        case float():
            return _plain_float(value)
        case str():
            return to_valid(str(value))
        case Time():
            return value.format("2006-01-02T15:04:05.999999999Z07:00")
        case Structure():
            fields = type(value).go_json_names
            names = type(value).go_fields
            return {name: to_plain(getattr(value, names[field]), depth + 1) for field, name in fields.items()}
        case list() | tuple():
            return [to_plain(item, depth + 1) for item in value]
        case dict():
            return {to_valid(key): to_plain(item, depth + 1) for key, item in sorted(value.items())}
    raise FunctionError(f"json: unsupported type: {type_name(value)}")


def _plain_float(value: float) -> int | float:
    if not math.isfinite(value):
        raise FunctionError(f"json: unsupported value: {value}")
    return int(value) if value.is_integer() and abs(value) < 1e21 else value
