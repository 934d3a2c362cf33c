"""Disposal takes large plans apart piece by piece: freeing a million objects at once takes long."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from exporter.promql.pieces import PIECE
from exporter.promql.vector import Key

_OPERATORS: Final = ("exporter.promql.operators", "exporter.promql.vector", "exporter.promql.engine")


def dispose(plan: object, check: Callable[[], None]) -> None:
    """Empty the long lists and dictionaries of a plan and its operators; `check` is called in between."""
    waiting, seen = [plan], {id(plan)}
    while waiting:
        for one in _parts(waiting.pop()):
            if isinstance(one, list):
                if len(one) > PIECE:
                    drop(one, check)
            elif isinstance(one, dict):
                while len(one) > PIECE:
                    for _ in range(PIECE):
                        one.popitem()
                    check()
            elif id(one) not in seen:
                seen.add(id(one))
                waiting.append(one)


def drop(items: list[Any], check: Callable[[], None]) -> None:
    """Empty a long list; `check` is called between."""
    while items:
        del items[-PIECE:]
        check()


def _parts(one: Any) -> Iterator[Any]:
    """Yield the attributes of an operator, or the items of a short tuple in one."""
    if isinstance(one, tuple):
        yield from one if len(one) < PIECE else ()
    elif type(one).__module__.startswith(_OPERATORS) and not isinstance(one, Key):
        yield from getattr(one, "__dict__", {}).values()
        for name in getattr(type(one), "__slots__", ()):
            yield getattr(one, name, None)
