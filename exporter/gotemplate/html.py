"""HTML as output: each value is escaped for the place where it stands.

Source of the rules: html/template of Go 1.24, whose results this matches for text, attributes, addresses and
style values. Unlike Go, which works the places out beforehand, the output is followed while it is written.
Comments are left out, as Go does. Values inside scripts and event handlers are refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from exporter.gotemplate.budget import Budget
from exporter.gotemplate.escaping import (
    AttributeType,
    attribute_type,
    escape_attribute,
    escape_text,
    filter_address,
    filter_name,
    filter_style,
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
class _Place:
    """Where in the document the output has arrived."""

    state: _State = _State.TEXT
    element: str = ""
    closing: bool = False
    attribute: str = ""
    quote: str = ""
    address_begun: bool = False
    in_query: bool = False


class HtmlOutput:
    """Writes text as it is and values escaped."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._pieces: list[str] = []
        self._place = _Place()
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
        """Refuses a page that ends inside a tag, as Go does: what is in there cannot be told for sure."""
        if self._place.state is not _State.TEXT:
            raise ValueError("the page ends inside a tag, a comment or an element such as title")

    def result(self) -> str:
        return "".join(self._pieces)

    def _emit(self, text: str) -> None:
        self._budget.write(text)
        self._pieces.append(text)

    # --- values -----------------------------------------------------------------------------------------

    def write_value(self, value: object, last_function: str) -> None:
        place = self._place
        if place.state is _State.COMMENT:
            return
        if place.state is _State.BEFORE_VALUE:
            self._begin_value("")
        if place.state in (_State.TAG, _State.AFTER_NAME):
            self._write_name(shown(value))
        elif place.state is _State.VALUE:
            self._emit(self._attribute_value(value, last_function))
        elif place.state is _State.RAW and place.element in ("script", "style"):
            self._emit(self._style_value(value) if place.element == "style" else _refuse("a script"))
        else:
            raw_text = place.state is _State.RAW
            self._emit(escape_text(value, escaped=last_function == "html", raw_text=raw_text))

    def _write_name(self, text: str) -> None:
        name = filter_name(text)
        self._place.attribute += name
        self._place.state = _State.AFTER_NAME
        self._emit(name)

    def _attribute_value(self, value: object, last_function: str) -> str:
        kind = attribute_type(self._place.attribute)
        if kind is AttributeType.SCRIPT:
            return _refuse("an event handler")
        escaped = last_function == "html"
        if kind is AttributeType.ADDRESS:
            value = filter_address(
                value,
                begun=self._place.address_begun,
                in_query=self._place.in_query,
                escaped=last_function == "urlquery",
            )
        elif kind is AttributeType.STYLE:
            value = self._style_value(value)
        return escape_attribute(value, quoted=bool(self._place.quote), escaped=escaped)

    def _style_value(self, value: object) -> str:
        return filter_style(shown(value))

    # --- text -------------------------------------------------------------------------------------------

    def write_text(self, text: str) -> None:
        offset = 0
        while offset < len(text):
            offset = self._steps[self._place.state](text, offset)

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
            self._place.state = _State.COMMENT
            return match.end()
        self._emit(match.group())
        if match[2]:
            self._place = _Place(_State.TAG, element=match[2].lower(), closing=bool(match[1]))
        return match.end()

    def _read_comment(self, text: str, offset: int) -> int:
        end = text.find("-->", offset)
        if end < 0:
            return len(text)
        self._place.state = _State.TEXT
        return end + 3

    def _read_tag(self, text: str, offset: int) -> int:
        if match := _SPACE.match(text, offset):
            self._emit(match.group())
            return match.end()
        char = text[offset]
        if char == ">":
            self._emit(char)
            raw = self._place.element in _RAW_ELEMENTS and not self._place.closing
            self._place.state = _State.RAW if raw else _State.TEXT
            return offset + 1
        match = _NAME.match(text, offset)
        name = match.group() if match else char
        self._place.attribute = name
        self._place.state = _State.AFTER_NAME if match else _State.TAG
        self._emit(name)
        return offset + len(name)

    def _read_after_name(self, text: str, offset: int) -> int:
        if match := _SPACE.match(text, offset):
            self._emit(match.group())
            following = text[match.end() : match.end() + 1]
            if following != "=":
                self._place.state = _State.TAG
            return match.end()
        if text[offset] == "=":
            self._emit("=")
            self._place.state = _State.BEFORE_VALUE
            return offset + 1
        if match := _NAME.match(text, offset):
            self._place.attribute += match.group()
            self._emit(match.group())
            return match.end()
        self._place.state = _State.TAG
        return offset

    def _read_before_value(self, text: str, offset: int) -> int:
        if match := _SPACE.match(text, offset):
            self._emit(match.group())
            return match.end()
        char = text[offset]
        if char == ">":
            self._place.state = _State.TAG
            return offset
        if char in "\"'":
            self._emit(char)
            self._begin_value(char)
            return offset + 1
        self._begin_value("")
        return offset

    def _begin_value(self, quote: str) -> None:
        self._place.state = _State.VALUE
        self._place.quote = quote
        self._place.address_begun = self._place.in_query = False

    def _read_value(self, text: str, offset: int) -> int:
        if quote := self._place.quote:
            end = text.find(quote, offset)
            closed = end >= 0
            part = text[offset : end if closed else len(text)]
        else:
            match = _UNQUOTED.match(text, offset)
            part = match.group() if match else ""
            closed = offset + len(part) < len(text)
        self._follow_address(part)
        self._emit(part + (quote if closed else ""))
        if closed:
            self._place.state = _State.TAG
            self._place.attribute = ""
        return offset + len(part) + (len(quote) if closed else 0)

    def _follow_address(self, part: str) -> None:
        if _URL_QUERY.search(part):
            self._place.in_query = True
        if part.strip():
            self._place.address_begun = True

    def _read_raw(self, text: str, offset: int) -> int:
        """Inside an element whose content is not markup, up to the tag that closes it."""
        match = re.compile(rf"</{self._place.element}(?=[\s/>])", re.IGNORECASE).search(text, offset)
        end = match.end() if match else len(text)
        self._emit(text[offset:end])
        if match:
            self._place = _Place(_State.TAG, element=self._place.element, closing=True)
        return end


def _refuse(place: str) -> str:
    raise ValueError(f"a value inside {place} is not supported")
