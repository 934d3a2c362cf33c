"""The keys of queues' jobs, by what they begin with: the keyspace scan tells whose keys these are.

Of frameworks that keep a job in a key of its own, which has no TTL while the job is needed.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Final

from exporter.queues.known import KnownQueue, printable
from exporter.queues.model import QueueId
from exporter.queues.vocabulary import ALL_QUEUES

# Each of their jobs has a key that begins with the queue's stem.
_UNDER_STEM: Final = frozenset({"bullmq", "bull"})
_MAX_PREFIXES: Final = 100
_OF_QUEUE: Final[Mapping[str, Callable[[QueueId], bytes]]] = {
    "bullmq": lambda queue: queue.base + b":",
    "bull": lambda queue: queue.base + b":",
    "asynq": lambda queue: queue.base + b"{" + queue.name + b"}:",
    "saq": lambda queue: b"saq:job:" + queue.name + b":",
}
# These do not say in a job's key which queue it belongs to.
_OF_ALL: Final[Mapping[str, Callable[[QueueId], bytes]]] = {
    "rq": lambda queue: queue.base + b"job:",
    "kue": lambda queue: queue.base + b"job:",
    "tasktiger": lambda queue: queue.base + b"task:",
    "hangfire": lambda queue: queue.base + b"job:",
}
JobKeys = Mapping[int, Mapping[str, str]]


def job_keys(queues: Iterable[KnownQueue]) -> JobKeys:
    """By database: framework and queue of jobs' keys, by what these begin with."""
    found: dict[int, dict[str, str]] = {}
    for known in queues:
        framework = known.id.framework
        if framework in _OF_QUEUE:
            beginning, queue = _OF_QUEUE[framework](known.id), known.label
        elif framework in _OF_ALL:
            beginning, queue = _OF_ALL[framework](known.id), ALL_QUEUES
        else:
            continue
        found.setdefault(known.id.database, {})[printable(beginning)] = f"{framework} {queue}"
    return found


def prefixes_of_queues(queues: Iterable[KnownQueue]) -> dict[str, str]:
    """Return the queues whose keys are worth a pattern of their own, by the prefix of these keys.

    Of many just the first.
    """
    own = (known for known in queues if known.id.framework in _UNDER_STEM)
    return {
        printable(known.id.base) + ":": f"{known.id.framework} {known.label}"
        for known in islice(own, _MAX_PREFIXES)
    }
