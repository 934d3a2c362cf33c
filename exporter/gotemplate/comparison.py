"""Comparison functions are those of Go.

Source: text/template/funcs.go of Go 1.24.
"""

from enum import Enum, auto

from exporter.gotemplate.values import FunctionError, type_name


class _Kind(Enum):
    BOOL = auto()
    INT = auto()
    FLOAT = auto()
    STRING = auto()
    OTHER = auto()


def _kind(value: object) -> _Kind:
    match value:
        case bool():
            return _Kind.BOOL
        case int():
            return _Kind.INT
        case float():
            return _Kind.FLOAT
        case str():
            return _Kind.STRING
    return _Kind.OTHER


def equal(first: object, *others: object) -> bool:
    """`eq`: true if the first equals any of the others."""
    if not others:
        raise FunctionError("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(left: object, right: object) -> bool:
    if left is None or right is None:
        return left is right
    kind = _kind(left)
    if kind is not _kind(right):
        raise FunctionError("incompatible types for comparison")
    if isinstance(left, (list, tuple, dict)) or isinstance(right, (list, tuple, dict)):
        raise FunctionError(f"non-comparable types {type_name(left)}, {type_name(right)}")
    return left == right


def not_equal(left: object, right: object) -> bool:
    """`ne`: the contrary of `eq`."""
    return not equal(left, right)


def less(left: object, right: object) -> bool:
    """`lt`: of two numbers of one kind, or two strings."""
    kind = _kind(left)
    if kind is _Kind.OTHER or _kind(right) is _Kind.OTHER:
        raise FunctionError("invalid type for comparison")
    if kind is not _kind(right):
        raise FunctionError("incompatible types for comparison")
    match left, right:
        case (bool(), bool()):
            raise FunctionError("invalid type for comparison")
        case (str(), str()):
            return left < right
        case (int() | float(), int() | float()):
            return left < right
    raise FunctionError("incompatible types for comparison")


def less_or_equal(left: object, right: object) -> bool:
    """`le`: `lt` or `eq`."""
    return less(left, right) or equal(left, right)


def greater(left: object, right: object) -> bool:
    """`gt`: the contrary of `le`, for NaN too, as in Go."""
    return not less_or_equal(left, right)


def greater_or_equal(left: object, right: object) -> bool:
    """`ge`: the contrary of `lt`, for NaN too, as in Go."""
    return not less(left, right)
