"""YAML text to nodes that know where they stand.

Scalars stay the text that was written: as in Go, the field that a value goes to decides about its type, so
that a label value `1.10`, `on` or `09:00` reaches it unchanged.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

MAX_DEPTH: Final = 50
MAX_NODES: Final = 200_000

_PARSER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TAG_PREFIX: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = frozenset(
    {"!", *(_TAG_PREFIX + kind for kind in ("str", "int", "float", "bool", "null"))}
)
_MERGE_KEY: Final = "<<"

Data = str | None | list[Any] | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a YAML file. Lines and columns count from 1.

    Exactly one of `items` and `entries` is set for a list or a mapping, none for a scalar. `size` is the
    number of nodes below and including this one, with every alias written out. `quoted`: a scalar in quotes
    or in a block, which is a text even where it looks like a number.
    """

    line: int
    column: int
    scalar: str | None = None
    items: "tuple[Node, ...] | None" = None
    entries: "dict[str, Entry] | None" = None
    size: int = 1
    quoted: bool = False

    def data(self) -> Data:
        """The plain value: text, None, a list or a dictionary."""
        if self.items is not None:
            return [item.data() for item in self.items]
        if self.entries is not None:
            return {key: entry.value.data() for key, entry in self.entries.items()}
        return self.scalar


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping and its value."""

    key: Node
    value: Node


class MalformedError(Exception):
    """A text that is not one acceptable YAML document; carries (line, column, message) for each problem."""

    def __init__(self, *problems: tuple[int, int, str]) -> None:
        self.problems = problems
        super().__init__(*problems)


_TAB: Final = "a tab, where only spaces can stand"


def compose(text: str, *, first_only: bool = False) -> Node | None:
    """The root node of a YAML text; None where there is nothing but comments.

    With `first_only` nothing after the first document is looked at; otherwise a second one is a problem.
    Raises `MalformedError`, with every duplicate key at once.
    """
    try:
        return _Composer(yaml.parse(text, Loader=_PARSER), first_only).compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        parts = [part for part in (error.context, error.problem) if part]
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        at = text.split("\n")[line - 1 : line]
        what = _TAB if at and at[0][column - 1 : column] == "\t" else ", ".join(parts)
        raise MalformedError((line, column, f"not valid YAML: {what}")) from error
    except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
        raise MalformedError((*_first_unprintable(text), "not valid YAML: a control character")) from error


def _first_unprintable(text: str) -> tuple[int, int]:
    bad = yaml.reader.Reader.NON_PRINTABLE.search(text)
    before = text[: bad.start()] if bad else ""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


@dataclass(slots=True)
class _Composer:
    """Builds nodes from the events of the parser; limits nesting and size, which aliases can multiply."""

    events: Iterator[yaml.Event]
    first_only: bool = False
    total: int = 0
    anchors: dict[str, Node] = field(default_factory=dict)
    duplicates: list[tuple[int, int, str]] = field(default_factory=list)

    def compose(self) -> Node | None:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _problem(event, "a second document begins here; one file holds one document")
                root = self._node(next(self.events), 0)
                if self.first_only:
                    break
        if self.duplicates:
            raise MalformedError(*self.duplicates)
        return None if root is None or _is_nothing(root) else root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._count(event, 1)
        if depth >= MAX_DEPTH and not isinstance(event, yaml.ScalarEvent):
            raise _problem(event, f"nested deeper than {MAX_DEPTH} levels")
        node = self._content(event, depth)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _content(self, event: yaml.Event, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, depth)
        return self._mapping(event, depth)

    def _alias(self, event: yaml.AliasEvent) -> Node:
        anchor = self.anchors.get(event.anchor or "")
        if anchor is None:
            raise _problem(event, f'the alias "*{event.anchor}" has no anchor before it, or stands inside it')
        self._count(event, anchor.size)
        return Node(
            *_position(event), anchor.scalar, anchor.items, anchor.entries, anchor.size, anchor.quoted
        )

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self.total += nodes
        if self.total > MAX_NODES:
            raise _problem(event, f"the file holds more than {MAX_NODES} values, aliases written out")

    def _sequence(self, start: yaml.SequenceStartEvent, depth: int) -> Node:
        _check_tag(start, "seq")
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Node(*_position(start), items=tuple(items), size=1 + sum(item.size for item in items))

    def _mapping(self, start: yaml.Event, depth: int) -> Node:
        _check_tag(start, "map")
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, depth)
            is_merge = key.scalar == _MERGE_KEY and isinstance(event, yaml.ScalarEvent) and event.implicit[0]
            value_event = next(self.events)
            value = self._node(value_event, depth + 1)
            if is_merge:
                merged = {**_merge_source(value, value_event), **merged}
            else:
                self._add(own, key, value)
        # A key that is written wins over a merged one, wherever it stands.
        entries = {**merged, **own}
        size = 1 + sum(1 + entry.value.size for entry in entries.values())
        return Node(*_position(start), entries=entries, size=size)

    def _key(self, event: yaml.Event, depth: int) -> Node:
        if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            raise _problem(event, "a key must be a plain text, not a list or a mapping")
        node = self._node(event, depth + 1)
        if node.items is not None or node.entries is not None:
            raise _problem(event, "a key must be a plain text, not a list or a mapping")
        return Node(node.line, node.column, node.scalar or "")

    def _add(self, entries: dict[str, Entry], key: Node, value: Node) -> None:
        name = key.scalar or ""
        if name in entries:
            first = entries[name].key.line
            self.duplicates.append(
                (key.line, key.column, f'the key "{name}" is given twice, first in line {first}')
            )
        else:
            entries[name] = Entry(key, value)


def _merge_source(value: Node, event: yaml.Event) -> dict[str, Entry]:
    """Return the mappings that `<<` merges in: one, or a list of which the first wins."""
    merged: dict[str, Entry] = {}
    for source in (value,) if value.items is None else value.items:
        if source.entries is None:
            raise _problem(event, '"<<" merges a mapping or a list of mappings')
        merged = {**source.entries, **merged}
    return merged


def _scalar(event: yaml.ScalarEvent) -> Node:
    if event.tag and event.tag not in _PLAIN_TAGS:
        raise _unsupported_tag(event)
    is_null = event.implicit[0] and event.value in _NULLS and not event.style
    quoted = bool(event.style) or event.tag is not None
    return Node(*_position(event), None if is_null else event.value, quoted=quoted)


def _check_tag(event: Any, kind: str) -> None:
    if event.tag and event.tag not in ("!", _TAG_PREFIX + kind):
        raise _unsupported_tag(event)


def _unsupported_tag(event: Any) -> MalformedError:
    tag = event.tag.replace(_TAG_PREFIX, "!!")
    return _problem(event, f'the tag "{tag}" is not supported here')


def _is_nothing(node: Node) -> bool:
    return node.scalar is None and node.items is None and node.entries is None


def _position(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _problem(event: yaml.Event, message: str) -> MalformedError:
    return MalformedError((*_position(event), message))
