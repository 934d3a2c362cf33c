"""The words in which the queues of every framework are told."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a job is; a framework's own words are mapped onto these."""

    WAITING = "waiting"
    """Ready to run, and nobody has taken it."""
    ACTIVE = "active"
    """Taken by a worker."""
    RESERVED = "reserved"
    """Handed to a worker that has not begun it."""
    DELAYED = "delayed"
    """To become ready at a moment that its producer chose."""
    PRIORITIZED = "prioritized"
    """Ready to run, kept apart in order of priority."""
    PAUSED = "paused"
    """Ready to run, in a queue that hands nothing out."""
    WAITING_CHILDREN = "waiting_children"
    """To become ready when the jobs it depends on are done."""
    RETRY = "retry"
    """Failed, and to be tried again later."""
    COMPLETED = "completed"
    """Done, and still kept."""
    FAILED = "failed"
    """Failed for good, and still kept."""
    DEAD = "dead"
    """In the dead-letter queue."""
    SCHEDULED = "scheduled"
    """To be put into its queue by a scheduler at a given moment."""
    DEFERRED = "deferred"
    """Held back by the framework until something else has happened."""
    AGGREGATING = "aggregating"
    """Waiting to be made one job with others of its group."""
    INTERMEDIATE = "intermediate"
    """Taken out of its queue, and not told as running yet."""
    CANCELED = "canceled"
    """Called off, and still kept."""


# Jobs that somebody should be working on.
BACKLOG: Final = (State.WAITING, State.PRIORITIZED, State.PAUSED)


class Method(StrEnum):
    """How the age of the oldest waiting job is known."""

    TIMESTAMP = "timestamp"
    """From the time that the job itself carries."""
    FIRST_SEEN = "first_seen"
    """From when it was first seen at the end of its queue: a lower bound."""


class Outcome(StrEnum):
    """How a job ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The framework counts ends, but not how they came."""


class LagMethod(StrEnum):
    """How a consumer group's lag is known."""

    EXACT = "exact"
    ESTIMATE = "estimate"
    """Counted up to a cap, since the server does not know it."""


# The name under which a framework's figures stand that belong to no queue in particular.
ALL_QUEUES: Final = "*"
