"""Which keys are those of a queue's jobs, for who walks through the keyspace."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from exporter.samplers.queues.known import KnownQueue

# Each of their jobs has a key that begins with the queue's stem.
_JOBS_UNDER_STEM: Final = frozenset({"bullmq", "bull"})
_MAX_BEGINNINGS: Final = 100


def key_beginnings(queues: Iterable[KnownQueue]) -> dict[str, str]:
    """The queues whose jobs have keys of their own, by what these keys begin with; of many just the first."""
    stems = ((known, known.id.base.decode("utf-8", "backslashreplace")) for known in queues)
    named = ((f"{stem}:", known) for known, stem in stems if known.id.framework in _JOBS_UNDER_STEM)
    return {stem: f"{known.id.framework} {known.label}" for stem, known in islice(named, _MAX_BEGINNINGS)}
