"""YAML that people go on with: keys in the order in which they were given, comments above them.

A key with a `Suggestion` stands there as a comment, ready to be taken in. Short lists and mappings of plain
values take one line, as in hand-written files.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from exporter.model.printable import printable

_WIDTH: Final = 100
_COMMENT_WIDTH: Final = 88
_INDENT: Final = "  "
# Names of options and paths stay whole.
_WRAPPER: Final = textwrap.TextWrapper(_COMMENT_WIDTH, break_on_hyphens=False, break_long_words=False)


@dataclass(frozen=True, slots=True)
class Commented:
    """A value with a comment above it: sentences, which are wrapped; a blank line begins a new paragraph.

    Lines that begin with two spaces are to be copied, and stay as they are.
    """

    value: Any
    comment: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A key that is not set, but shown as a comment, with a comment above it where there is one."""

    value: Any
    comment: str = ""


def to_yaml(document: Mapping[str, Any], heading: str = "") -> str:
    """A mapping as the text of a file, which begins with a heading as a comment.

    Values are None, bool, numbers, text, sequences, mappings with text as keys, and those above. Reading the
    text gives the mapping back, without the suggestions.
    """
    lines = [*_comment(heading), *([""] if heading else ())]
    for key, value in document.items():
        if isinstance(value, Commented | Suggestion) and lines and lines[-1]:
            lines.append("")
        lines += _entry(key, value)
    return "\n".join(lines) + "\n"


def _comment(text: str) -> Iterator[str]:
    for paragraph in text.split("\n") if text else ():
        is_copied = paragraph.startswith(_INDENT)
        lines = [paragraph] if is_copied else _WRAPPER.wrap(paragraph)
        # Names of others may stand here, and YAML knows more line breaks than one.
        yield from (f"# {printable(line)}" for line in lines) if paragraph else ("#",)


def _entry(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Commented):
        yield from _comment(value.comment)
        yield from _entry(key, value.value)
    elif isinstance(value, Suggestion):
        yield from _comment(value.comment)
        yield from (f"# {line}" for line in _entry(key, value.value))
    elif (line := _in_one_line(value)) is not None and len(line) + len(key) < _WIDTH:
        yield f"{_plain(key, in_flow=False)}: {line}"
    else:
        yield f"{_plain(key, in_flow=False)}:"
        yield from (f"{_INDENT}{line}" if line else line for line in _block(value))


def _block(value: Any) -> Iterator[str]:
    """The lines of a mapping, sequence or long text below its key."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _entry(key, one)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _item(one)
    else:
        yield _plain(value, in_flow=False)


def _item(value: Any) -> Iterator[str]:
    if isinstance(value, Commented):
        yield from _comment(value.comment)
        value = value.value
    elif isinstance(value, Suggestion):
        yield from _comment(value.comment)
        yield from (f"# {line}" for line in _item(value.value))
        return
    line = None if isinstance(value, Mapping) and value else _in_one_line(value)
    lines = _block(value) if line is None else iter([line])
    marker = "- "
    for text in lines:
        # A comment above the first key keeps the dash for the key itself.
        if marker == "- " and text.startswith("#"):
            yield text
            continue
        yield marker + text
        marker = _INDENT


def _in_one_line(value: Any) -> str | None:
    """A value as it stands behind its key; None for what takes lines of its own."""
    if isinstance(value, Mapping):
        if not all(_is_scalar(one) for one in value.values()):
            return None
        return "{" + ", ".join(f"{_plain(key)}: {_plain(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_plain, value)) + "]" if all(map(_is_scalar, value)) else None
    return _plain(value, in_flow=False)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


def _plain(value: Any, *, in_flow: bool = True) -> str:
    """A scalar, quoted where YAML would take it for something else; in brackets more has to be."""
    style = None if not isinstance(value, str) or value.isprintable() else '"'
    text = yaml.safe_dump(
        [value], default_flow_style=in_flow, default_style=style, width=float("inf"), allow_unicode=True
    )
    return text.strip()[1:-1] if in_flow else text[2:].rstrip("\n")
