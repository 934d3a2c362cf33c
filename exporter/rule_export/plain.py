"""Rules as YAML, in the form of a rule file of Prometheus."""

from collections.abc import Iterable, Iterator
from typing import Final

import yaml

from exporter.model.duration import format_duration
from exporter.rules.model import AlertSpec, GroupSpec, RuleSpec
from exporter.rules.texts import Texts

_INDENT: Final = "  "


def file_text(groups: Iterable[GroupSpec]) -> str:
    """A rule file with these groups; one without rules is left out."""
    lines = ["groups:"]
    for group in groups:
        if group.rules:
            lines += _group(group)
    return "\n".join(lines) + "\n" if len(lines) > 1 else "groups: []\n"


def rule_lines(spec: RuleSpec) -> Iterator[str]:
    """The lines of one rule, as an item of a list that begins at the left margin."""
    is_alert = isinstance(spec, AlertSpec)
    yield f"- {'alert' if is_alert else 'record'}: {scalar(spec.name)}"
    yield from (_INDENT + line for line in _expression(spec.query))
    if isinstance(spec, AlertSpec):
        for key, milliseconds in (("for", spec.for_ms), ("keep_firing_for", spec.keep_firing_for_ms)):
            if milliseconds:
                yield f"{_INDENT}{key}: {format_duration(milliseconds)}"
    yield from _texts("labels", spec.label_texts)
    if isinstance(spec, AlertSpec):
        yield from _texts("annotations", spec.annotation_texts)


def scalar(text: str) -> str:
    """A text that YAML takes for a text: without quotes where that is certain, else in double ones."""
    plain = yaml.safe_dump(text, width=float("inf"), allow_unicode=True).removesuffix("...\n").strip("\n")
    return plain if plain == text and not text.startswith(" ") else _quoted(text)


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, default_style='"', width=float("inf"), allow_unicode=True).strip("\n")


def _group(group: GroupSpec) -> Iterator[str]:
    yield f"{_INDENT}- name: {scalar(group.key.name)}"
    for key, milliseconds in (("interval", group.interval_ms), ("query_offset", group.query_offset_ms)):
        if milliseconds:
            yield f"{_INDENT * 2}{key}: {format_duration(milliseconds)}"
    if group.limit:
        yield f"{_INDENT * 2}limit: {group.limit}"
    yield f"{_INDENT * 2}rules:"
    for spec in group.rules:
        yield from (_INDENT * 3 + line if line else line for line in rule_lines(spec))


def _expression(query: str) -> Iterator[str]:
    body = query.removesuffix("\n")
    lines = body.split("\n")
    # A block keeps lines as they are, unless its first one is indented or its end has blank lines.
    if len(lines) == 1 or not body.strip() or body[0].isspace() or not lines[-1] or not _is_plain(body):
        yield f"expr: {scalar(query)}"
        return
    yield "expr: |" if query.endswith("\n") else "expr: |-"
    yield from (_INDENT + line if line else line for line in lines)


def _is_plain(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)


def _texts(key: str, texts: Texts) -> Iterator[str]:
    if texts:
        yield f"{_INDENT}{key}:"
        yield from (f"{_INDENT * 2}{scalar(name)}: {scalar(text)}" for name, text in texts)
