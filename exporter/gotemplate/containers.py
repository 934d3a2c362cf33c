"""Containers are made by templates themselves, with `list`, `append` and `dict`.

Source: `DefaultFuncs` in template/template.go of Alertmanager 0.34.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from exporter.gotemplate.limits import LARGEST_TEXT
from exporter.gotemplate.values import FunctionError, Parameter, Structure

_DEEPEST: Final = 30
# The weight of a value that is no text.
_WEIGHT: Final = 8


class Items(list[Any]):
    """`[]any`; `weight` is about how many characters it has when it is written out.

    A list that holds another one twice is written out twice as long: what is put together in a few steps
    could fill the memory otherwise.
    """

    __slots__ = ("weight",)

    go_type: ClassVar[str] = "[]interface {}"

    def __init__(self, values: Iterable[object] = ()) -> None:
        super().__init__(values)
        self.weight = _bounded(sum(map(_weigh, self)) + _WEIGHT)


class Entries(dict[str, Any]):
    """`map[string]any`; see `Items`."""

    __slots__ = ("weight",)

    go_type: ClassVar[str] = "map[string]interface {}"

    def __init__(self, pairs: Iterable[tuple[str, object]] = ()) -> None:
        super().__init__(pairs)
        self.weight = _bounded(sum(_weigh(name) + _weigh(value) for name, value in self.items()) + _WEIGHT)


def make_list(*values: object) -> Items:
    """The values as a list."""
    return Items(values)


def append(items: Items, *values: object) -> Items:
    """A longer list; the one that was there stays as it is."""
    return Items([*items, *values])


def make_dict(*pairs: object) -> Entries:
    """Return a map of arguments in pairs."""
    if len(pairs) % 2:
        raise FunctionError("dict requires an even number of arguments")
    names = pairs[::2]
    if not all(type(name) is str for name in names):
        raise FunctionError("dict keys must be strings")
    return Entries(zip(map(str, names), pairs[1::2], strict=True))


ITEMS: Final = Parameter(
    "[]interface {}", lambda value: isinstance(value, Items), takes_nil=True, nil=make_list
)


def _bounded(weight: int) -> int:
    if weight > LARGEST_TEXT:
        raise FunctionError(f"a value of more than {LARGEST_TEXT} characters")
    return weight


def _weigh(value: object, depth: int = 0) -> int:
    """About how many characters a value has when it is written out."""
    if isinstance(value, Items | Entries):
        return value.weight
    if isinstance(value, str):
        return len(value) + _WEIGHT
    if depth > _DEEPEST:
        return _WEIGHT
    parts: list[object] = []
    if isinstance(value, Structure):
        parts = [getattr(value, name) for name in type(value).go_fields.values()]
    elif isinstance(value, Mapping):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple):
        parts = list(value)
    return _WEIGHT + sum(_weigh(part, depth + 1) for part in parts)
