"""Owners are the queues whose jobs' keys a pattern stands for."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from exporter.keyspace.report import OTHER, KeyPatternReport

_ANY: Final = "*"
_SEPARATOR: Final = ":"
# A named part of a pattern of one's own.
_PART: Final = re.compile(r"\{[^{}]*\}")


def note_owners(patterns: Iterable[KeyPatternReport], jobs: Mapping[int, Mapping[str, str]]) -> None:
    """Note in each pattern whose keys it stands for.

    Framework and queue are given by what keys begin with, by database.
    """
    for pattern in patterns:
        beginnings = jobs.get(int(pattern.database.removeprefix("db") or 0))
        pattern.queue = find_owner(pattern.pattern, beginnings) if beginnings else ""


def find_owner(pattern: str, beginnings: Mapping[str, str]) -> str:
    """Framework and queue of the keys of a pattern.

    Of several queues just the framework, with `*`. Empty where none has such keys.
    """
    if pattern == OTHER:
        return ""
    for beginning, queue in beginnings.items():
        if pattern.startswith(beginning):
            return queue
    for form in dict.fromkeys((pattern, _PART.sub(_ANY, pattern))):
        if owner := _owner_of_several(form, beginnings):
            return owner
    return ""


def _owner_of_several(pattern: str, beginnings: Mapping[str, str]) -> str:
    """`bull:*:*` are the jobs of all queues below `bull:`, as long as there is one."""
    literal = pattern.partition(_ANY)[0]
    if _SEPARATOR not in literal or literal == pattern:
        return ""
    parts = pattern.split(_SEPARATOR)
    for beginning, queue in beginnings.items():
        fixed = beginning.removesuffix(_SEPARATOR).split(_SEPARATOR)
        if (
            beginning.startswith(literal)
            and len(parts) > len(fixed)
            and all(fnmatchcase(token, part) for token, part in zip(fixed, parts, strict=False))
        ):
            return f"{queue.partition(' ')[0]} {_ANY}"
    return ""
