"""The section `samplers.queues`: which queues are looked for, how lists of one's own are read, and limits."""

import re
from importlib.metadata import entry_points
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from exporter.config.fields import Duration, PositiveDuration, Section
from exporter.config.samplers.base import SamplerSection
from exporter.config.validation import PlacedError, hint, kind_of
from exporter.errors import Problem

StateName = Literal[
    "waiting",
    "active",
    "delayed",
    "prioritized",
    "paused",
    "waiting_children",
    "retry",
    "completed",
    "failed",
    "dead",
    "scheduled",
    "deferred",
]
TimeFormat = Literal["auto", "iso", "seconds", "milliseconds"]
_PART: Final = re.compile(r"\{([^{}]*)\}")
_MAX_STEPS: Final = 64
_PART_NAMES: Final = ("name", "priority", "id")
FRAMEWORKS: Final = (
    "bullmq",
    "bull",
    "bee-queue",
    "celery",
    "rq",
    "sidekiq",
    "resque",
    "dramatiq",
    "arq",
    "huey",
    "saq",
    "asynq",
    "laravel",
    "taskiq",
    "kue",
    "rsmq",
    "tasktiger",
    "gocraft-work",
    "hangfire",
    "symfony",
    "stream",
)
"""The frameworks of this project."""
LIST_FRAMEWORK: Final = "list"
"""What `lists` and `workers` describe; it comes along with them."""
FRAMEWORK_GROUP: Final = "redis_vigil.queue_frameworks"
"""The group of entry points by which other packages bring frameworks along."""


def _check_pattern(pattern: str) -> str:
    parts = _PART.findall(pattern)
    for part in parts:
        if part not in _PART_NAMES:
            raise ValueError(
                f'unknown part "{{{part}}}": use {", ".join(f"{{{name}}}" for name in _PART_NAMES)}'
            )
    if len(set(parts)) != len(parts):
        raise ValueError("names a part twice")
    if not _PART.sub("", pattern).strip():
        raise ValueError("needs fixed text beside its parts: it would match every key")
    return pattern


KeyPattern = Annotated[str, AfterValidator(_check_pattern)]
"""A key with named parts: `queue:{name}:{priority}`."""


class JobTime(Section):
    """Where a job's own JSON says since when it has been waiting."""

    path: str
    """The field, with dots for nested ones: `meta.createdAt`."""
    format: TimeFormat = "auto"
    """How the time is written; `auto` tells epoch numbers by their size and tries ISO 8601 else."""


class ListPattern(Section):
    """Keys that are queues of one's own making."""

    key: KeyPattern
    """The key, with `{name}` for the queue and `{priority}` for its priority."""
    state: StateName = "waiting"
    """What jobs in it are."""
    type: Literal["list", "zset"] = "list"
    """The type of the key. A sorted set's scores are the moments at which jobs are due."""
    oldest: Literal["tail", "head"] = "tail"
    """The end at which the oldest job stands: the tail where producers LPUSH, the head where they RPUSH."""
    time: JobTime | None = None
    """Where a job says how old it is; without it, its age counts from when it was first seen at that end."""
    score: Literal["seconds", "milliseconds"] = "milliseconds"
    """The unit of a sorted set's scores."""
    name: str = ""
    """The queue's name where the key has no `{name}`."""
    priority: str = ""
    """The priority of the jobs where the key has no `{priority}`; empty: none in particular."""

    @model_validator(mode="after")
    def _check_name(self) -> Self:
        if "{name}" in self.key and self.name:
            raise ValueError("name: the key says it already, by its {name}")
        if "{name}" not in self.key and not self.name:
            raise ValueError("name: needed where the key has no {name}")
        if "{priority}" in self.key and self.priority:
            raise ValueError("priority: the key says it already, by its {priority}")
        return self


class WorkerPattern(Section):
    """Keys in which workers of one's own making tell that they live: hashes with a time in a field."""

    key: KeyPattern
    """The key, with `{id}` for the worker."""
    heartbeat: str = "lastPing"
    """The field that holds the time of the last sign of life."""
    format: TimeFormat = "auto"
    """How that time is written."""
    queue: str = ""
    """The field that names the worker's queue; without it a worker counts for every queue of one's own."""


def _check_steps(steps: tuple[int, ...]) -> tuple[int, ...]:
    if not steps:
        raise ValueError("names no step: leave it out, and 0 to 9 are asked")
    if list(steps) != sorted(set(steps)):
        raise ValueError("needs each step once, in ascending order, as Celery does")
    if len(steps) > _MAX_STEPS:
        raise ValueError(f"has {len(steps)} steps: at most {_MAX_STEPS}, each is asked in every pass")
    return steps


PrioritySteps = Annotated[tuple[Annotated[int, Field(ge=0)], ...], AfterValidator(_check_steps)]
KeyName = Annotated[str, Field(min_length=1)]


class CelerySection(Section):
    """What an application's `broker_transport_options` say, where they differ from kombu's defaults."""

    sep: KeyName | None = None
    """What stands between a queue's name and a priority; without it, what the bindings show."""
    priority_steps: PrioritySteps | None = None
    """The priorities that have a list of their own; without them, 0 to 9, and others that are met beside
    kombu's own separator."""
    unacked_key: KeyName = "unacked"
    """The hash of the messages that workers hold."""
    unacked_index_key: KeyName = "unacked_index"
    """The sorted set of the moments at which they took them."""


def _check_frameworks(value: Any) -> Any:
    """Refuses names that no framework has; where other packages bring some along, any name may be theirs."""
    if isinstance(value, str) and value != "auto":
        raise ValueError(f"must be auto, or a list such as [bullmq], not {kind_of(value)}")
    names = value if isinstance(value, list | tuple) else ()
    unknown = {
        index: name
        for index, name in enumerate(names)
        if isinstance(name, str) and name not in (*FRAMEWORKS, LIST_FRAMEWORK)
    }
    if unknown and not entry_points(group=FRAMEWORK_GROUP):
        raise PlacedError([Problem((index,), _unknown_framework(name)) for index, name in unknown.items()])
    return value


def _unknown_framework(name: str) -> str:
    known = ", ".join(FRAMEWORKS)
    return f'there is no framework "{name}"{hint(name.lower(), FRAMEWORKS) or f": there are {known}"}'


class QueuesSection(SamplerSection):
    """Queues of job frameworks, plain lists and streams with consumer groups."""

    frameworks: Annotated[Literal["auto"] | tuple[str, ...], BeforeValidator(_check_frameworks)] = "auto"
    """The frameworks to look for; `auto`: all there are."""
    lists: tuple[ListPattern, ...] = ()
    """Lists and sorted sets that are queues of one's own."""
    workers: tuple[WorkerPattern, ...] = ()
    """Hashes in which workers of one's own report."""
    celery: CelerySection = CelerySection()
    """How Celery is told to name its keys, if not as usual."""
    priorities: Literal["separate", "sum"] = "separate"
    """Whether the priorities of one queue stand apart under the label `priority`, or are summed."""
    databases: Literal["auto"] | tuple[Annotated[int, Field(ge=0)], ...] = "auto"
    """The databases in which queues are looked for; `auto`: all that hold keys."""
    replicas: bool = False
    """Whether queues are read from replicas too; what their primary tells as well would stand twice."""
    ignore: tuple[str, ...] = ()
    """Queues to leave alone, by name; `*` stands for anything."""
    index_interval: PositiveDuration = Duration(20_000)
    """How often the frameworks' own indexes are asked for new queues."""
    discovery_interval: PositiveDuration = Duration(20_000)
    """How often the keyspace is walked through for new queues."""
    forget_after: PositiveDuration = Duration(86_400_000)
    """A queue of which nothing has been seen for so long is forgotten; until then it reads 0."""
    max_queues: int = Field(default=1000, ge=1, le=10_000)
    """How many queues are read at most, of which each framework has its share; the others are counted."""
    streams_per_pattern: int = Field(default=10, ge=0)
    """From so many streams on whose names differ in an id only they are one queue, under their pattern; 0:
    never."""
    overdue_after: PositiveDuration = Duration(5_000)
    """A delayed job is overdue when its moment has passed for so long."""
    stuck_after: PositiveDuration = Duration(600_000)
    """A running job, or a delivered entry of a stream, is stuck after so long."""
    silent_after: PositiveDuration = Duration(30_000)
    """A worker is silent when it has not been heard for so long, where its framework does not say better."""
    visibility_timeout: PositiveDuration = Duration(3_600_000)
    """Celery's `visibility_timeout`: what is unacknowledged for longer has been lost by its worker."""
    max_lag_count: int = Field(default=1_000, ge=1, le=100_000)
    """How many entries of a stream are counted at most where the server does not know a group's lag."""
