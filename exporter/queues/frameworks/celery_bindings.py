"""The queues that are bound to kombu's exchanges, and what separates the parts of a binding.

A member of the set `_kombu.binding.<exchange>` is a routing key, a pattern (mostly empty) and a queue's name.
What stands between them is the transport's option `sep`, which stands before priorities as well. Source:
`kombu/transport/redis.py`, `_queue_bind` and `_q_for_pri`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

DEFAULT_SEPARATOR: Final = b"\x06\x16"
# A longer member is not searched for a separator.
_MAX_SEARCHED: Final = 500
# What separates is not what names are made of; whoever does that has to configure it.
_SEPARATOR: Final = re.compile(rb"[^A-Za-z0-9]+")
# It stands twice between a routing key and a queue, or around the regular expression that a topic exchange
# makes of the key.
_BETWEEN: Final = re.compile(rb"(?<=[A-Za-z0-9*#])([^A-Za-z0-9]+)(?:\1|\^.*\$\1)(?=.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BoundQueue:
    """A queue, and what separates its name from a priority."""

    name: bytes
    separator: bytes


def bound_queues(members: Sequence[bytes], configured: bytes | None) -> list[BoundQueue]:
    """The queues in members of one application's bindings, less those of workers' own business.

    Without a configured separator it is kombu's own, or the one that the members show.
    """
    separators = [configured] if configured else [DEFAULT_SEPARATOR, *_find_separators(members)]
    found: dict[BoundQueue, None] = {}
    for member in members:
        for separator in separators:
            queue = _queue_of(member, separator)
            if queue is not None:
                if queue and not _is_internal(queue):
                    found[BoundQueue(queue, separator)] = None
                break
    return list(found)


def _queue_of(member: bytes, separator: bytes) -> bytes | None:
    """The queue in a member with this separator; None where it does not take it apart.

    A name may hold the separator itself: then it shows by standing on both sides.
    """
    parts = member.split(separator)
    if len(parts) == 3:
        return parts[2]
    name = member[: max(0, len(member) // 2 - len(separator))]
    return name if name and member == name + separator + separator + name else None


def _is_internal(queue: bytes) -> bool:
    """Whether workers talk among themselves in it (remote control, events)."""
    return queue.endswith(b".pidbox") or queue.startswith(b"celeryev")


def _find_separators(members: Sequence[bytes]) -> list[bytes]:
    """Return candidates for the separator of members without kombu's own, the likeliest first.

    It shows best where a pattern is empty, and a queue's routing key is its name: `mail::mail`.
    """
    others = [member for member in members if DEFAULT_SEPARATOR not in member]
    certain = Counter(separator for member in others for separator in _doubled_between(member))
    likely = Counter(separator for member in others for separator in _between(member))
    return [separator for votes in (certain, likely) for separator, _ in votes.most_common()]


def _between(member: bytes) -> Iterable[bytes]:
    return _BETWEEN.findall(member) if len(member) <= _MAX_SEARCHED else ()


def _doubled_between(member: bytes) -> Iterable[bytes]:
    if len(member) > _MAX_SEARCHED:
        return
    for length in range(1, len(member) // 2):
        name, between = member[:length], member[length:-length]
        half = len(between) // 2
        is_doubled = len(between) % 2 == 0 and between[:half] == between[half:]
        if member.endswith(name) and is_doubled and _SEPARATOR.fullmatch(between[:half]):
            yield between[:half]
