"""Printf works as in Go.

Source: doPrintf in fmt/print.go of Go.
"""

import re
from collections.abc import Sequence
from typing import Final

from exporter.gotemplate.limits import LARGEST_PADDING, LARGEST_TEXT
from exporter.gotemplate.numbers import PLAIN, Style
from exporter.gotemplate.printing import format_value, with_verb
from exporter.gotemplate.values import FunctionError, type_name

_DIRECTIVE: Final = re.compile(
    r"%(?P<flags>[-+# 0]*)"
    r"(?P<first>\[[^\]]*\]?)?(?P<width>\*|[0-9]+)?"
    r"(?P<point>\.(?P<second>\[[^\]]*\]?)?(?P<precision>\*|[0-9]+)?)?"
    r"(?P<third>\[[^\]]*\]?)?(?P<verb>.)?",
    re.DOTALL,
)
_FLAGS: Final = {"-": "minus", "+": "plus", "#": "sharp", " ": "space", "0": "zero"}


def printf(template: str, *values: object) -> str:
    """The text with each directive replaced by a value.

    Nothing fails: what does not fit shows in the text, such as `%!d(string=x)`, as in Go.
    """
    return _Printer(template, values).run()


class _Printer:
    def __init__(self, template: str, values: Sequence[object]) -> None:
        self._template = template
        self._values = values
        self._next = 0
        self._reordered = False
        self._good = True
        self._pieces: list[str] = []
        self._size = 0

    def run(self) -> str:
        last = 0
        for match in _DIRECTIVE.finditer(self._template):
            self._add(self._template[last : match.start()])
            last = match.end()
            self._directive(match)
        self._add(self._template[last:])
        if not self._reordered and self._next < len(self._values):
            self._add_surplus()
        return "".join(self._pieces)

    def _add(self, text: str) -> None:
        self._size += len(text)
        if self._size > LARGEST_TEXT:
            raise FunctionError(f"a text of more than {LARGEST_TEXT} characters")
        self._pieces.append(text)

    def _add_surplus(self) -> None:
        self._add("%!(EXTRA ")
        for index, value in enumerate(self._values[self._next :]):
            self._add(", " if index else "")
            shown = format_value(value, "v", PLAIN)
            self._add(shown if value is None else f"{type_name(value)}={shown}")
        self._add(")")

    def _directive(self, match: re.Match[str]) -> None:
        self._good = True
        flags = {_FLAGS[flag]: True for flag in match["flags"]}
        indexed = self._select(match["first"])
        width = self._measure(match["width"], "%!(BADWIDTH)", indexed)
        if width is not None and width < 0:
            width, flags["minus"], flags["zero"] = -width, True, False
        indexed = indexed and match["width"] != "*"
        precision: int | None = None
        if match["point"] is not None:
            self._good = self._good and not indexed
            indexed = self._select(match["second"])
            precision = self._measure(match["precision"], "%!(BADPREC)", indexed)
            precision = 0 if match["precision"] is None else precision
            if precision is not None and precision < 0:
                self._add("%!(BADPREC)")
                precision = None
        self._select(match["third"])
        self._print(match["verb"], Style(width=width, precision=precision, **flags))

    def _select(self, index: str | None) -> bool:
        """Read `[n]`, the number of the value that comes next."""
        if index is None:
            return False
        self._reordered = True
        number = index[1:-1]
        if (
            index.endswith("]")
            and number.isdecimal()
            and len(number) < 8
            and 0 < int(number) <= len(self._values)
        ):
            self._next = int(number) - 1
        else:
            self._good = False
        return True

    def _measure(self, text: str | None, complaint: str, indexed: bool) -> int | None:
        """A width or precision: digits, or `*` for the next value."""
        if text is None:
            return None
        if text != "*":
            if indexed:
                self._good = False
            return int(text) if len(text) < 8 and int(text) <= LARGEST_PADDING else None
        value = self._values[self._next] if self._next < len(self._values) else None
        self._next += self._next < len(self._values)
        if type(value) is int and abs(value) <= LARGEST_PADDING:
            return value
        self._add(complaint)
        return None

    def _print(self, verb: str | None, style: Style) -> None:
        if verb is None:
            self._add("%!(NOVERB)")
        elif verb == "%":
            self._add("%")
        elif not self._good:
            self._add(f"%!{verb}(BADINDEX)")
        elif self._next >= len(self._values):
            self._add(f"%!{verb}(MISSING)")
        else:
            self._add(format_value(self._values[self._next], verb, with_verb(style, verb)))
            self._next += 1
