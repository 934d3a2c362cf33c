"""Printing writes values as Go's fmt package does, by verb.

Source: fmt/print.go of Go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from exporter.gotemplate.limits import LARGEST_TEXT
from exporter.gotemplate.numbers import PLAIN, Style, format_float, format_integer, pad
from exporter.gotemplate.values import Function, FunctionError, Structure, methods_of, to_bytes, type_name
from exporter.model.quoting import can_backquote, is_printable, quote, quote_character, to_character

_DEEPEST: Final = 20


def print_values(values: Sequence[object]) -> str:
    """`fmt.Sprint`: a space between two neighbours of which neither is a string."""
    pieces: list[str] = []
    previous: object = ""
    for value in values:
        if pieces and not isinstance(value, str) and not isinstance(previous, str):
            pieces.append(" ")
        pieces.append(format_value(value, "v", PLAIN))
        previous = value
    return join_bounded(pieces)


def join_bounded(pieces: Iterable[str], separator: str = "") -> str:
    """The pieces in one; refuses before it gets too long."""
    pieces = list(pieces)
    size = sum(map(len, pieces)) + len(separator) * max(len(pieces) - 1, 0)
    if size > LARGEST_TEXT:
        raise FunctionError(f"a text of more than {LARGEST_TEXT} characters")
    return separator.join(pieces)


def format_value(value: object, verb: str, style: Style, depth: int = 0) -> str:
    """One value for one verb; `%!verb(type=value)` where the two do not fit."""
    if verb == "T":
        return pad(type_name(value), style)
    text = _stringer(value, verb)
    if text is not None:
        return _format_string(text, verb, style)
    match value:
        case None:
            return pad("<nil>", style) if verb == "v" else bad_verb(value, verb)
        case bool():
            return pad("true" if value else "false", style) if verb in "tv" else bad_verb(value, verb)
        case int():
            return _format_int(value, verb, style)
        case float():
            return _format_real(value, verb, style)
        case str():
            return _format_string(value, verb, style)
        case Function():
            return bad_verb(value, verb)
    if depth > _DEEPEST:
        return "…"
    return _format_compound(value, verb, style, depth)


def bad_verb(value: object, verb: str) -> str:
    """Return what Go prints for a verb that the value does not have."""
    shown = "<nil>" if value is None else f"{type_name(value)}={_plain(value)}"
    return f"%!{verb}({shown})"


def _plain(value: object) -> str:
    return "func" if isinstance(value, Function) else format_value(value, "v", PLAIN)


def _stringer(value: object, verb: str) -> str | None:
    """The text of a value that knows its own, as `String` methods do."""
    method = methods_of(value).get("String") if verb in "vsxXq" else None
    return None if method is None else str(method.call(value))


def _format_int(value: int, verb: str, style: Style) -> str:
    match verb:
        case "v" | "d":
            return format_integer(value, 10, style)
        case "b":
            return format_integer(value, 2, style)
        case "o" | "O":
            return format_integer(value, 8, style, octal_mark=verb == "O")
        case "x" | "X":
            return format_integer(value, 16, style, upper=verb == "X")
        case "c":
            return pad(to_character(value), style)
        case "q":
            return pad(quote_character(value, ascii_only=style.plus), style)
        case "U":
            return _format_code_point(value, style)
    return bad_verb(value, verb)


def _format_code_point(value: int, style: Style) -> str:
    digits = format(value & 0xFFFFFFFFFFFFFFFF, "X").rjust(max(4, style.precision or 0), "0")
    text = f"U+{digits}"
    if style.sharp and 0 <= value <= 0x10FFFF and is_printable(chr(value)):
        text += f" '{chr(value)}'"
    return pad(text, style)


def _format_real(value: float, verb: str, style: Style) -> str:
    if verb == "v":
        return format_float(value, "g", style)
    if verb == "F":
        return format_float(value, "f", style)
    return format_float(value, verb, style) if verb in "eEfgGxXb" else bad_verb(value, verb)


def _format_string(value: str, verb: str, style: Style) -> str:
    if verb in "xX":
        return _format_bytes(to_bytes(value), style, upper=verb == "X")
    text = value if style.precision is None else value[: style.precision]
    if verb == "q" or (verb == "v" and style.syntax):
        if style.sharp and can_backquote(text):
            return pad(f"`{text}`", style, zero=style.zero)
        return pad(quote(text, ascii_only=style.plus), style, zero=style.zero)
    return pad(text, style, zero=style.zero) if verb in "sv" else bad_verb(value, verb)


def _format_bytes(data: bytes, style: Style, *, upper: bool) -> str:
    if style.precision is not None:
        data = data[: style.precision]
    mark = "0x" if style.sharp else ""
    if style.space:
        text = " ".join(f"{mark}{byte:02x}" for byte in data)
    else:
        text = mark + data.hex() if data else ""
    return pad(text.upper() if upper else text, style, zero=style.zero)


def _format_compound(value: object, verb: str, style: Style, depth: int) -> str:
    """Lists, maps and structures: the verb goes to their elements."""

    def element(item: object) -> str:
        return format_value(item, verb, style, depth + 1)

    separator = ", " if style.syntax else " "
    if isinstance(value, dict):
        pairs = [f"{element(key)}:{element(item)}" for key, item in sorted(value.items())]
        inner = join_bounded(pairs, separator)
        return f"{type_name(value)}{{{inner}}}" if style.syntax else f"map[{inner}]"
    if isinstance(value, (list, tuple)):
        inner = join_bounded((element(item) for item in value), separator)
        return f"{type_name(value)}{{{inner}}}" if style.syntax else f"[{inner}]"
    if isinstance(value, Structure):
        named = style.fields or style.syntax
        inner = join_bounded(
            (
                (f"{name}:" if named else "") + element(getattr(value, attribute))
                for name, attribute in type(value).go_fields.items()
            ),
            separator,
        )
        return f"{type_name(value) if style.syntax else ''}{{{inner}}}"
    return f"?{type_name(value)}?"


def with_verb(style: Style, verb: str) -> Style:
    """`%+v` and `%#v` mean something else than the flags on their own."""
    if verb != "v":
        return style
    return replace(style, fields=style.plus, plus=False, syntax=style.sharp, sharp=False)
