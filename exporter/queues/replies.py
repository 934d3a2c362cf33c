"""Replies about queues as values: a reply that is not what it should be is unknown, never an exception.

Numbers and texts are not read as in `exporter.sampling.replies`: a queue has no infinite number of jobs, and
its name is not cut as a label is.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from exporter.connection import Command, Reply
from exporter.errors import ReplyError
from exporter.sampling.replies import field_map as field_map

# A job's own JSON is read for one field; what is larger than this is not worth it.
_MAX_JSON_BYTES: Final = 1 << 20
_MAX_MEMBERS: Final = 10_000


def count(reply: Reply) -> int | None:
    """A length; None for an error, such as that of a key of another type."""
    return reply if isinstance(reply, int) else None


def number(reply: Reply) -> float | None:
    """A text that is a finite number."""
    if isinstance(reply, int):
        return float(reply)
    if not isinstance(reply, bytes | str):
        return None
    try:
        value = float(reply)
    except ValueError:
        return None
    return value if abs(value) < 1e300 else None


def text(reply: Reply) -> str | None:
    """A text; None where there is none."""
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else None


def items(reply: Reply) -> Sequence[Any]:
    """A list; empty where it is not one."""
    return reply if isinstance(reply, list) else ()


def names(reply: Reply) -> Sequence[bytes]:
    """The byte strings of a list."""
    return [item for item in items(reply) if isinstance(item, bytes)]


def scored_members(reply: Reply) -> Sequence[tuple[bytes, float]]:
    """Members of a sorted set with their scores, from the reply to WITHSCORES."""
    flat = items(reply)
    found = []
    for member, score in zip(flat[::2], flat[1::2], strict=False):
        value = number(score)
        if isinstance(member, bytes) and value is not None:
            found.append((member, value))
    return found


def json_object(reply: Reply) -> Mapping[str, Any]:
    """A text that holds a JSON object; empty for anything else."""
    if not isinstance(reply, bytes) or len(reply) > _MAX_JSON_BYTES or not reply.lstrip().startswith(b"{"):
        return {}
    try:
        value = json.loads(reply)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def first_unsupported(replies: Sequence[Reply]) -> ReplyError | None:
    """The first reply that says that we may not ask, if any does."""
    for reply in replies:
        if isinstance(reply, ReplyError) and reply.is_unsupported:
            return reply
    return None


def scanned(reply: Reply) -> Sequence[bytes]:
    """The members in the answer to a first SSCAN, in order: servers change theirs; see `ask_members`."""
    parts = items(reply)
    return sorted(names(parts[1])) if len(parts) == 2 else ()


def ask_members(key: bytes) -> Command:
    """Ask for the members of a set that is an index: all of them, as long as they are not a great many."""
    return ("SSCAN", key, 0, "COUNT", _MAX_MEMBERS)
