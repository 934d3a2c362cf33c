"""Values are what templates handle, with the types that Go gives them.

A template sees Python's `None` (nil), `bool`, `int`, `float` (float64), `str`, `list` and `dict`, the typed
forms of them below, `Time` and `Duration`, and what derives from `Structure`. Of a structure it sees exactly
the fields and methods that its class names in tables; attributes of other Python objects are out of reach.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final


class FunctionError(ValueError):
    """A refusal of arguments by a function; the evaluator adds the place."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function: Go's name of the type, a test, and a substitute for nil."""

    name: str
    accepts: Callable[[object], bool]
    takes_nil: bool = False
    nil: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Function:
    """A function that templates may call.

    With `variadic` the last parameter may come any number of times. `call` gets the arguments as Python
    values, and refuses with a `ValueError`.
    """

    call: Callable[..., object]
    parameters: tuple[Parameter, ...] = ()
    variadic: bool = False


class Structure:
    """A Go struct: fields by their Go names with the attributes behind them, and methods.

    The `call` of a method gets the structure as its first argument, which `parameters` do not list. Fields
    that `go_json_names` does not list are not in the JSON of the structure.
    """

    __slots__ = ()

    go_type: ClassVar[str] = "struct"
    go_fields: ClassVar[Mapping[str, str]] = {}
    go_json_names: ClassVar[Mapping[str, str]] = {}
    go_methods: ClassVar[Mapping[str, Function]] = {}


class StringMap(dict[str, str]):
    """`map[string]string`: a missing key is the empty string. Subclasses may name methods."""

    __slots__ = ()

    go_type: ClassVar[str] = "map[string]string"
    go_methods: ClassVar[Mapping[str, Function]] = {}


class StringList(list[str]):
    """A list of strings: `[]string`."""

    __slots__ = ()

    go_type: ClassVar[str] = "[]string"


class TypedList(list[Any]):
    """A list whose subclasses name its Go type, and methods."""

    __slots__ = ()

    go_type: ClassVar[str] = "[]interface {}"
    go_methods: ClassVar[Mapping[str, Function]] = {}


class Html(str):
    """Markup that is inserted into HTML as it is: `template.HTML`."""

    __slots__ = ()

    go_type: ClassVar[str] = "template.HTML"


class Url(str):
    """An address that passes HTML's address filter: `template.URL`."""

    __slots__ = ()

    go_type: ClassVar[str] = "template.URL"


# All but those that stand for bytes.
_LONE_SURROGATE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_TYPES: Final[Mapping[type, str]] = {
    bool: "bool",
    int: "int",
    float: "float64",
    str: "string",
    list: "[]interface {}",
    tuple: "[]interface {}",
    dict: "map[string]interface {}",
    type(None): "<nil>",
    Function: "func",
}


def type_name(value: object) -> str:
    """Go's name of a value's type."""
    named = getattr(type(value), "go_type", None)
    return named if isinstance(named, str) else _TYPES.get(type(value), "interface {}")


def zero_of(mapping: Mapping[str, object]) -> object:
    """Return the value of a map for a missing key."""
    return "" if isinstance(mapping, StringMap) else None


def is_true(value: object) -> bool:
    """Go's truth: not the zero of its type; structures are always true."""
    return bool(value) if isinstance(value, (int, float, str, list, tuple, dict)) else value is not None


def methods_of(value: object) -> Mapping[str, Function]:
    """The methods that a value's class names; other classes have none."""
    methods = getattr(type(value), "go_methods", None)
    return methods if isinstance(methods, Mapping) else {}


def to_bytes(text: str) -> bytes:
    """The bytes that Go would hold: bytes that are no character of UTF-8, such as `slice` makes, survive."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """The inverse of `to_bytes`."""
    return data.decode("utf-8", "surrogateescape")


def to_valid(text: str) -> str:
    """The text with everything that UTF-8 cannot carry replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return to_bytes(text).decode("utf-8", "replace")
    return text


ANY: Final = Parameter("interface {}", lambda value: True, takes_nil=True)
STRING: Final = Parameter("string", lambda value: type(value) is str)
INT: Final = Parameter("int", lambda value: type(value) is int)
FLOAT: Final = Parameter("float64", lambda value: type(value) is float)
BOOL: Final = Parameter("bool", lambda value: type(value) is bool)
STRINGS: Final = Parameter(
    "[]string", lambda value: isinstance(value, StringList), takes_nil=True, nil=StringList
)
