"""Declarations of INFO fields: the server's name of a value, and the metric that shows it.

`grep redis_memory_used_bytes exporter/` finds the declaration: name, help, unit and version in one place.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from exporter.model.sample import Family, Kind

# Units of values as they are shown; no unit: a plain count, or a number without one.
BYTES: Final = "bytes"
SECONDS: Final = "seconds"
MILLISECONDS: Final = "milliseconds"
MICROSECONDS: Final = "microseconds"
EPOCH_SECONDS: Final = "seconds since the epoch"
PERCENT: Final = "percent"
RATIO: Final = "ratio"
FLAG: Final = "0 or 1"
ALWAYS_ONE: Final = "always 1"
HERTZ: Final = "per second"
KILOBYTES_PER_SECOND: Final = "KB per second"


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A value that a server tells, and the family that shows it.

    `name` is the field's name; of a value inside a line the line's and its own (`db*: keys`); of a metric
    made of several fields all of theirs. `since` is the version that first had the field: of Redis (`2.6`),
    unless it names another server. The metric is the value times `scale`. With -1 servers say that they do
    not know a value, unless it is `signed`. `command` is the one whose reply has the field.
    """

    name: str
    metric: str
    help: str
    unit: str = ""
    since: str = ""
    labels: tuple[str, ...] = ()
    scale: float = 1.0
    signed: bool = False
    command: str = "INFO"
    family: Family = field(init=False)
    kind: ClassVar[Kind]

    def __post_init__(self) -> None:
        text = f"{self.help} {self.command} field {self.name}."
        object.__setattr__(self, "family", Family(self.metric, self.kind, text, self.labels))


@dataclass(frozen=True, slots=True, eq=False)
class Gauge(Field):
    """A value that may go up and down."""

    kind = Kind.GAUGE


@dataclass(frozen=True, slots=True, eq=False)
class Counter(Field):
    """A count that only grows while the server runs."""

    kind = Kind.COUNTER


@dataclass(frozen=True, slots=True, eq=False)
class Summary(Field):
    """Quantiles of a distribution, with its sum and count."""

    kind = Kind.SUMMARY
