"""`excerpt`: a rule file without some of its rules, line by line as it was written."""

from collections.abc import Collection
from pathlib import Path

from exporter.config.document import Document
from exporter.config.nodes import Node
from exporter.errors import ConfigError
from exporter.rules.load import read_rules
from exporter.rules.model import Position, RuleFile


def excerpt(path: Path, rules: RuleFile, without: Collection[Position]) -> str | None:
    """The text of the file without the rules whose expressions stand at these positions.

    None where that cannot be done line by line, as in a file that has rules in braces.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = Document.parse(text, str(path), lenient=True)
        lines = text.splitlines()
        kept = _kept(document, lines, without)
        result = "\n".join([f"# Out of {path}: the rules that redis-vigil can evaluate.", *kept]) + "\n"
        same = read_rules(Document.parse(result, str(path), lenient=True))
    except (OSError, ConfigError, ValueError):
        return None
    wanted = [rule.name for group in rules.groups for rule in group.rules if rule.position not in without]
    return result if [rule.name for group in same.groups for rule in group.rules] == wanted else None


def _kept(document: Document, lines: list[str], without: Collection[Position]) -> list[str]:
    dropped: set[int] = set()
    groups = _items(document.root, "groups")
    for number, group in enumerate(groups):
        end = _begin(groups[number + 1], lines) if number + 1 < len(groups) else len(lines) + 1
        rules = _items(group, "rules")
        are_out = [_expression(rule) in without for rule in rules]
        if all(are_out):
            dropped.update(range(_begin(group, lines), end))
            continue
        for index, rule in enumerate(rules):
            if are_out[index]:
                last = _begin(rules[index + 1], lines) if index + 1 < len(rules) else _end(rule, end, lines)
                dropped.update(range(_begin(rule, lines), last))
    return [line for number, line in enumerate(lines, 1) if number not in dropped]


def _items(node: Node, key: str) -> tuple[Node, ...]:
    entry = (node.entries or {}).get(key)
    return (entry.value.items or ()) if entry else ()


def _expression(rule: Node) -> Position:
    entry = (rule.entries or {}).get("expr")
    return (entry.value.line, entry.value.column) if entry else (0, 0)


def _begin(item: Node, lines: list[str]) -> int:
    """The line of an item of a list; raises `ValueError` where it does not begin that line."""
    if lines[item.line - 1][: item.column - 1].strip() != "-":
        raise ValueError("not an item in a line of its own")
    return item.line


def _end(rule: Node, end: int, lines: list[str]) -> int:
    """The line after the last rule of a group: the group's own keys may follow."""
    for number in range(rule.line + 1, end):
        line = lines[number - 1]
        if line.strip() and len(line) - len(line.lstrip()) < rule.column - 1:
            return number
    return end
