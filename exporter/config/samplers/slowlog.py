"""`samplers.slowlog`."""

from typing import Annotated, Literal

from pydantic import Field

from exporter.config.fields import Duration, PositiveDuration
from exporter.config.samplers.base import SamplerSection


class SlowlogSection(SamplerSection):
    """The slow log: every new entry is counted, and its command is generalised to a pattern."""

    shortest_interval: PositiveDuration = Duration(250)
    """How soon the log is read again when entries come so fast that the server would drop some unread."""
    max_entries: Annotated[int, Field(ge=1, le=100_000)] = 1024
    """At most this many entries are read in one pass; those beyond are counted as lost."""
    max_commands: Annotated[int, Field(ge=1, le=1_000)] = 50
    """At most this many commands become values of the label `command`; the rest is summed up as `other`."""
    max_patterns: Annotated[int, Field(ge=1, le=10_000)] = 500
    """At most this many patterns are remembered; the rest is summed up as `other`."""
    max_exposed_patterns: Annotated[int, Field(ge=0, le=1_000)] = 20
    """At most this many recurring patterns become values of the label `pattern`."""
    recurring_after: Annotated[int, Field(ge=0)] = 5
    """A pattern with more entries than this is exposed."""
    arguments: Literal["hidden", "generalised", "shown"] = "generalised"
    """What is told of the arguments of slow commands: nothing; the names of keys, with ids replaced; or, in
    `/api/slowlog`, all that the server has logged. Metrics never hold more than generalised names of keys."""
    patterns: tuple[str, ...] = ()
    """Names of keys with placeholders, such as `user:{name}:cart`, that come before what is recognised by its
    looks."""
