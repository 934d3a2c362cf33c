"""The keys of queues, which the sampler of queues provides for that of the keyspace."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class QueueKeys:
    """The keys of the queues that are known.

    `prefixes` are names of queues by the beginnings of their keys; `job_prefixes` the beginnings of all keys
    of jobs by database, another object whenever they have changed.
    """

    prefixes: Mapping[str, str] = field(default_factory=dict)
    job_prefixes: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
