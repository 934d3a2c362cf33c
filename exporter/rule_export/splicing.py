"""A rule file with some of its rules replaced, and every other line of it as it was, comments included."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from exporter.config.document import Document
from exporter.errors import ConfigError
from exporter.rule_export.plain import rule_lines
from exporter.rules.load import read_rules
from exporter.rules.model import RuleFile, RuleSpec


@dataclass(frozen=True, slots=True)
class _Edit:
    """Lines of a file, from 0, `last` included, and what stands there instead."""

    first: int
    last: int
    lines: Sequence[str]


class _FormError(Exception):
    """A file is written in a way that its lines tell nothing about its rules."""


def spliced(text: str, before: RuleFile, after: RuleFile) -> str | None:
    """The text of a file with those rules replaced that are others now, by the lines that they stand in.

    `before` are the rules as they stand there; those that are made of one of them have its position. None
    where that does not come to `after`: rules in brackets, aliases, groups without any rule left.
    """
    try:
        edits = _edits(text, before, after)
    except (_FormError, yaml.YAMLError):
        return None
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda edit: edit.first, reverse=True):
        lines[edit.first : edit.last + 1] = edit.lines
    result = "\n".join(lines)
    return result if says(result, after) else None


def says(text: str, file: RuleFile) -> bool:
    """Whether the text of a rule file says what a file is meant to say."""
    try:
        read = read_rules(Document.parse(text, file.path, lenient=True))
    except ConfigError:
        return False
    return read.groups == file.groups


def _edits(text: str, before: RuleFile, after: RuleFile) -> list[_Edit]:
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    lines = text.split("\n")
    edits: list[_Edit] = []
    groups = [node for node in _items(_value(root, "groups")) if not _is_null(node)]
    for node, old, new in zip(groups, before.groups, after.groups, strict=False):
        rules = _value(node, "rules")
        items = [item for item in _items(rules) if not _is_null(item)]
        for item, spec in zip(items, old.rules, strict=False):
            now = [one for one in new.rules if one.position == spec.position]
            if now != [spec]:
                edits.append(_edit(lines, rules.start_mark.column, item, now, spec))
    return edits


def _edit(
    lines: Sequence[str], column: int, item: yaml.Node, now: Sequence[RuleSpec], spec: RuleSpec
) -> _Edit:
    first, last = item.start_mark.line, _last_line(item)
    if lines[first][:column].strip() or lines[first][column : column + 1] != "-":
        raise _FormError
    while last > first and _is_beside(lines[last], column):
        last -= 1
    indent = " " * column
    written = [indent + line if line else line for one in now for line in rule_lines(one)]
    return _Edit(first, last, written or [f"{indent}# {spec.name} is switched off in the configuration."])


def _is_beside(line: str, column: int) -> bool:
    """Whether a line behind a rule is blank, or a comment that does not belong to the rule's texts."""
    stripped = line.lstrip()
    return not stripped or (stripped.startswith("#") and len(line) - len(stripped) <= column + 2)


def _last_line(node: yaml.Node) -> int:
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    mark = node.end_mark
    return mark.line - 1 if mark.column == 0 else mark.line


def _value(node: Any, key: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value
    raise _FormError


def _items(node: Any) -> Sequence[Any]:
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        raise _FormError
    return list(node.value)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
