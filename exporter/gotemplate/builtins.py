"""Built-in functions are those that every Go template has.

Source: text/template/funcs.go of Go 1.24.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote_plus

from exporter.gotemplate.comparison import equal, greater, greater_or_equal, less, less_or_equal, not_equal
from exporter.gotemplate.printf import printf
from exporter.gotemplate.printing import join_bounded, print_values
from exporter.gotemplate.values import (
    ANY,
    STRING,
    Function,
    FunctionError,
    from_bytes,
    is_true,
    to_bytes,
    type_name,
    zero_of,
)
from exporter.model.quoting import is_printable

_HTML: Final = str.maketrans(
    {'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"}
)
_SCRIPT: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def length(item: object) -> int:
    """`len`: bytes of a string, items of a list or map."""
    if isinstance(item, str):
        return len(to_bytes(item))
    if isinstance(item, (list, tuple, dict)):
        return len(item)
    raise FunctionError("len of nil pointer" if item is None else f"len of type {type_name(item)}")


def index(item: object, *keys: object) -> object:
    """`index x 1 2`: x[1][2] in Go's words; a string yields bytes, a missing key the zero value."""
    for key in keys:
        if item is None:
            raise FunctionError("index of untyped nil")
        if isinstance(item, dict):
            if not isinstance(key, str):
                raise FunctionError(f"value has type {type_name(key)}; should be string")
            item = item.get(key, zero_of(item))
            continue
        if not isinstance(item, (list, tuple, str)):
            raise FunctionError(f"can't index item of type {type_name(item)}")
        sequence = to_bytes(item) if isinstance(item, str) else item
        item = sequence[_position(key, len(sequence) - 1)]
    return item


def _position(key: object, largest: int) -> int:
    if type(key) is not int:
        raise FunctionError(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key <= largest:
        raise FunctionError(f"index out of range: {key}")
    return key


def cut(item: object, *bounds: object) -> object:
    """`slice x 1 2`: x[1:2] in Go's words; of a string in bytes."""
    if not isinstance(item, (str, list, tuple)):
        raise FunctionError(f"can't slice item of type {type_name(item)}")
    if len(bounds) > 3:
        raise FunctionError(f"too many slice indexes: {len(bounds)}")
    if isinstance(item, str):
        if len(bounds) == 3:
            raise FunctionError("cannot 3-index slice a string")
        data = to_bytes(item)
        start, end = _bounds(bounds, len(data))
        return from_bytes(data[start:end])
    start, end = _bounds(bounds, len(item))
    part = item[start:end]
    return type(item)(part)


def _bounds(bounds: tuple[object, ...], size: int) -> tuple[int, int]:
    places = [_position(bound, size) for bound in bounds]
    start = places[0] if places else 0
    end = places[1] if len(places) > 1 else size
    if start > end:
        raise FunctionError(f"invalid slice index: {start} > {end}")
    if len(places) == 3 and places[2] < end:
        raise FunctionError(f"invalid slice index: {end} > {places[2]}")
    return start, end


def escape_html(text: str) -> str:
    """The text with HTML's special characters as entities."""
    return text.translate(_HTML)


def escape_script(text: str) -> str:
    """The text as it stands inside a JavaScript string."""
    return "".join(map(_escape_script_character, text))


def _escape_script_character(char: str) -> str:
    if char in _SCRIPT:
        return _SCRIPT[char]
    return char if is_printable(char) else f"\\u{ord(char):04X}"


def escape_query(text: str) -> str:
    """The text as it stands inside the query of an address."""
    return quote_plus(to_bytes(text), safe="~")


def _shown(values: tuple[object, ...]) -> str:
    """The values in one text, nil as templates print it."""
    return print_values(["<no value>" if value is None else value for value in values])


def _call(function: object, *values: object) -> object:
    if function is None:
        raise FunctionError("call of nil")
    if not isinstance(function, Function):
        raise FunctionError(f"non-function of type {type_name(function)}")
    fixed = len(function.parameters) - function.variadic
    if len(values) < fixed or (len(values) > fixed and not function.variadic):
        raise FunctionError(f"wrong number of args: got {len(values)} want {fixed}")
    for number, value in enumerate(values):
        parameter = function.parameters[min(number, len(function.parameters) - 1)]
        if not parameter.accepts(value):
            raise FunctionError(f"arg {number} has type {type_name(value)}; should be {parameter.name}")
    return function.call(*values)


def _and(*values: object) -> object:
    return next((value for value in values if not is_true(value)), values[-1])


def _or(*values: object) -> object:
    return next((value for value in values if is_true(value)), values[-1])


def _some(call: object) -> Function:
    """A function of one or more values of any type."""
    assert callable(call)
    return Function(call, (ANY, ANY), variadic=True)


def _any(call: object) -> Function:
    """A function of any number of values of any type."""
    assert callable(call)
    return Function(call, (ANY,), variadic=True)


# `and` and `or` stand here for `call`; the evaluator runs them itself: they may not evaluate everything.
BUILTINS: Final[Mapping[str, Function]] = {
    "and": _some(_and),
    "or": _some(_or),
    "not": Function(lambda value: not is_true(value), (ANY,)),
    "len": Function(length, (ANY,)),
    "index": _some(index),
    "slice": _some(cut),
    "call": _some(_call),
    "print": _any(lambda *values: print_values(values)),
    "println": _any(lambda *values: join_bounded([print_values([value]) for value in values], " ") + "\n"),
    "printf": Function(printf, (STRING, ANY), variadic=True),
    "html": _any(lambda *values: escape_html(_shown(values))),
    "js": _any(lambda *values: escape_script(_shown(values))),
    "urlquery": _any(lambda *values: escape_query(_shown(values))),
    "eq": _some(equal),
    "ne": Function(not_equal, (ANY, ANY)),
    "lt": Function(less, (ANY, ANY)),
    "le": Function(less_or_equal, (ANY, ANY)),
    "gt": Function(greater, (ANY, ANY)),
    "ge": Function(greater_or_equal, (ANY, ANY)),
}
