"""The HTML output escapes each value for its context.

Source of the rules: html/template of Go 1.24, whose results this matches for text, attributes, URLs and
CSS values. Unlike Go, which works the contexts out beforehand, this follows the output while it is written.
Comments are left out, as Go does. Values inside scripts and event handlers are refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from exporter.gotemplate.budget import ExpansionBudget
from exporter.gotemplate.escaping import (
    AttributeType,
    attribute_type,
    escape_attribute,
    escape_text,
    filter_css,
    filter_name,
    filter_url,
    shown,
)


class _State(Enum):
    TEXT = auto()
    TAG = auto()
    AFTER_NAME = auto()
    BEFORE_VALUE = auto()
    VALUE = auto()
    COMMENT = auto()
    RAW = auto()


_RAW_ELEMENTS: Final = frozenset({"script", "style", "textarea", "title"})
_TAG_OPEN: Final = re.compile(r"<(?:(/?)([A-Za-z][^\s/>]*)|(!--)|(?=[!?]))")
_NAME: Final = re.compile(r"[^\s=/>]+")
_SPACE: Final = re.compile(r"\s+")
_UNQUOTED: Final = re.compile(r"[^\s>]+")
_URL_QUERY: Final = re.compile(r"[?#]")


@dataclass(slots=True)
class _Context:
    """The context in the document that the output has reached."""

    state: _State = _State.TEXT
    element: str = ""
    closing: bool = False
    attribute: str = ""
    quote: str = ""
    url_begun: bool = False
    in_query: bool = False


class HtmlOutput:
    """An output that writes text as it is, and values escaped."""

    def __init__(self, budget: ExpansionBudget) -> None:
        self._budget = budget
        self._pieces: list[str] = []
        self._context = _Context()
        self._steps: dict[_State, Callable[[str, int], int]] = {
            _State.TEXT: self._read_text,
            _State.TAG: self._read_tag,
            _State.AFTER_NAME: self._read_after_name,
            _State.BEFORE_VALUE: self._read_before_value,
            _State.VALUE: self._read_value,
            _State.COMMENT: self._read_comment,
            _State.RAW: self._read_raw,
        }

    def finish(self) -> None:
        """Refuse a page that ends inside a tag, as Go does: its context is not known for sure."""
        if self._context.state is not _State.TEXT:
            raise ValueError("the page ends inside a tag, a comment or an element such as title")

    def result(self) -> str:
        """Return the page."""
        return "".join(self._pieces)

    def _emit(self, text: str) -> None:
        self._budget.write(text)
        self._pieces.append(text)

    # --- values -----------------------------------------------------------------------------------------

    def write_value(self, value: object, last_function: str) -> None:
        """Write the value of an action, escaped for the context."""
        context = self._context
        if context.state is _State.COMMENT:
            return
        if context.state is _State.BEFORE_VALUE:
            self._begin_value("")
        if context.state in (_State.TAG, _State.AFTER_NAME):
            self._write_name(shown(value))
        elif context.state is _State.VALUE:
            self._emit(self._attribute_value(value, last_function))
        elif context.state is _State.RAW and context.element in ("script", "style"):
            self._emit(self._css_value(value) if context.element == "style" else _refuse("a script"))
        else:
            raw_text = context.state is _State.RAW
            self._emit(escape_text(value, escaped=last_function == "html", raw_text=raw_text))

    def _write_name(self, text: str) -> None:
        name = filter_name(text)
        self._context.attribute += name
        self._context.state = _State.AFTER_NAME
        self._emit(name)

    def _attribute_value(self, value: object, last_function: str) -> str:
        kind = attribute_type(self._context.attribute)
        if kind is AttributeType.JS:
            return _refuse("an event handler")
        escaped = last_function == "html"
        if kind is AttributeType.URL:
            value = filter_url(
                value,
                begun=self._context.url_begun,
                in_query=self._context.in_query,
                escaped=last_function == "urlquery",
            )
        elif kind is AttributeType.CSS:
            value = self._css_value(value)
        return escape_attribute(value, quoted=bool(self._context.quote), escaped=escaped)

    def _css_value(self, value: object) -> str:
        return filter_css(shown(value))

    # --- text -------------------------------------------------------------------------------------------

    def write_text(self, text: str) -> None:
        """Write text of the template, and follow the context."""
        offset = 0
        while offset < len(text):
            offset = self._steps[self._context.state](text, offset)

    def _read_text(self, text: str, offset: int) -> int:
        start = text.find("<", offset)
        if start < 0:
            self._emit(text[offset:])
            return len(text)
        self._emit(text[offset:start])
        match = _TAG_OPEN.match(text, start)
        if match is None:
            self._emit("&lt;")
            return start + 1
        if match[3]:
            self._context.state = _State.COMMENT
            return match.end()
        self._emit(match.group())
        if match[2]:
            self._context = _Context(_State.TAG, element=match[2].lower(), closing=bool(match[1]))
        return match.end()

    def _read_comment(self, text: str, offset: int) -> int:
        end = text.find("-->", offset)
        if end < 0:
            return len(text)
        self._context.state = _State.TEXT
        return end + 3

    def _read_tag(self, text: str, offset: int) -> int:
        if match := _SPACE.match(text, offset):
            self._emit(match.group())
            return match.end()
        char = text[offset]
        if char == ">":
            self._emit(char)
            raw = self._context.element in _RAW_ELEMENTS and not self._context.closing
            self._context.state = _State.RAW if raw else _State.TEXT
            return offset + 1
        match = _NAME.match(text, offset)
        name = match.group() if match else char
        self._context.attribute = name
        self._context.state = _State.AFTER_NAME if match else _State.TAG
        self._emit(name)
        return offset + len(name)

    def _read_after_name(self, text: str, offset: int) -> int:
        if match := _SPACE.match(text, offset):
            self._emit(match.group())
            following = text[match.end() : match.end() + 1]
            if following != "=":
                self._context.state = _State.TAG
            return match.end()
        if text[offset] == "=":
            self._emit("=")
            self._context.state = _State.BEFORE_VALUE
            return offset + 1
        if match := _NAME.match(text, offset):
            self._context.attribute += match.group()
            self._emit(match.group())
            return match.end()
        self._context.state = _State.TAG
        return offset

    def _read_before_value(self, text: str, offset: int) -> int:
        if match := _SPACE.match(text, offset):
            self._emit(match.group())
            return match.end()
        char = text[offset]
        if char == ">":
            self._context.state = _State.TAG
            return offset
        if char in "\"'":
            self._emit(char)
            self._begin_value(char)
            return offset + 1
        self._begin_value("")
        return offset

    def _begin_value(self, quote: str) -> None:
        self._context.state = _State.VALUE
        self._context.quote = quote
        self._context.url_begun = self._context.in_query = False

    def _read_value(self, text: str, offset: int) -> int:
        if quote := self._context.quote:
            end = text.find(quote, offset)
            closed = end >= 0
            part = text[offset : end if closed else len(text)]
        else:
            match = _UNQUOTED.match(text, offset)
            part = match.group() if match else ""
            closed = offset + len(part) < len(text)
        self._follow_url(part)
        self._emit(part + (quote if closed else ""))
        if closed:
            self._context.state = _State.TAG
            self._context.attribute = ""
        return offset + len(part) + (len(quote) if closed else 0)

    def _follow_url(self, part: str) -> None:
        if _URL_QUERY.search(part):
            self._context.in_query = True
        if part.strip():
            self._context.url_begun = True

    def _read_raw(self, text: str, offset: int) -> int:
        """Read an element whose content is not markup, up to the tag that closes it."""
        match = re.compile(rf"</{self._context.element}(?=[\s/>])", re.IGNORECASE).search(text, offset)
        end = match.end() if match else len(text)
        self._emit(text[offset:end])
        if match:
            self._context = _Context(_State.TAG, element=self._context.element, closing=True)
        return end


def _refuse(context: str) -> str:
    raise ValueError(f"a value inside {context} is not supported")
