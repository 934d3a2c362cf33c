"""Reports on slow commands, for `/api/slowlog` and `redis-vigil slowlog`."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from exporter.samplers.slowlog.pattern_stats import SlowPattern


@dataclass(frozen=True, slots=True)
class PatternReport:
    """One pattern; durations in seconds, `last_at` in epoch seconds."""

    pattern: str
    count: int
    mean_seconds: float
    max_seconds: float
    total_seconds: float
    last_at: int
    last_client: str
    last_client_name: str
    example: Sequence[str] = ()

    @classmethod
    def of(cls, found: SlowPattern, *, with_arguments: bool) -> Self:
        """Make it from the statistics of a pattern; with the last command's arguments if that is allowed."""
        shown = [argument.decode("utf-8", "backslashreplace") for argument in found.example]
        return cls(
            found.pattern,
            found.count,
            found.total / found.count / 1e6 if found.count else 0.0,
            found.longest / 1e6,
            found.total / 1e6,
            found.last_at,
            found.last_client,
            found.last_client_name,
            shown if with_arguments else (),
        )


@dataclass(frozen=True, slots=True)
class SlowlogReport:
    """The slow commands of one server, the patterns that took most time first.

    `counted` and `lost` are since the daemon first read the log; the patterns also hold what was in it then.
    """

    instance: str
    counted: int
    lost: int
    uncertain: int
    patterns: Sequence[PatternReport]

    @classmethod
    def of(
        cls,
        instance: str,
        patterns: Iterable[SlowPattern],
        *,
        counted: int,
        lost: int,
        uncertain: int,
        with_arguments: bool,
    ) -> Self:
        """Make it from what a sampler has counted."""
        reports = [PatternReport.of(found, with_arguments=with_arguments) for found in patterns]
        return cls(instance, counted, lost, uncertain, reports)

    def only(self, text: str) -> Self:
        """Return it with those patterns that contain a text, in whatever case."""
        wanted = [one for one in self.patterns if text.lower() in one.pattern.lower()]
        return replace(self, patterns=wanted)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)
