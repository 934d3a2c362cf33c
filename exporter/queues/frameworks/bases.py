"""Frameworks whose keys begin with a base (prefix, namespace) of their users' choice.

They are looked for, named and read base by base.
"""

from collections.abc import Callable, Iterable, Sequence

from exporter.queues.base import Found, ReadContext
from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import QueueId, Reading
from exporter.queues.prefetch import with_prefetch
from exporter.queues.probes import check_each
from exporter.queues.steps import Steps, together


def label_of(queue: QueueId, default: bytes = b"") -> str:
    """The base and the name of a queue; the framework's default base says nothing, and is left out."""
    return printable((queue.base + queue.name).removeprefix(default))


def find_by_base(
    framework: str,
    bases: Iterable[bytes],
    find: Callable[[bytes], Steps[Sequence[bytes]]],
    context: ReadContext,
) -> Steps[Sequence[Found]]:
    """Find queues base by base: `find` returns the names of the queues of one, none where there are none."""
    unique = list(dict.fromkeys(bases))
    found = yield from check_each(unique, find)
    return [
        Found(QueueId(framework, base, name, context.database))
        for base, names in zip(unique, found, strict=True)
        for name in names
    ]


def read_by_base(
    queues: Sequence[KnownQueue],
    context: ReadContext,
    read: Callable[[bytes, Sequence[KnownQueue], ReadContext], Steps[Sequence[Reading]]],
) -> Steps[Sequence[Reading]]:
    """Read the queues of each installation (namespace) together, and all in the same round trips."""
    bases = list(dict.fromkeys(queue.id.base for queue in queues))
    groups = [[queue for queue in queues if queue.id.base == base] for base in bases]
    found = yield from together(
        [
            with_prefetch(group[0].speculative_cache, read(base, group, context))
            for base, group in zip(bases, groups, strict=True)
        ]
    )
    by_queue = {
        queue.id: reading
        for group, readings in zip(groups, found, strict=True)
        for queue, reading in zip(group, readings, strict=True)
    }
    return [by_queue[queue.id] for queue in queues]
