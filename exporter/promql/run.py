"""One run of a query: its times, its budget, its annotations."""

import time
from collections.abc import Callable
from typing import Any

from exporter.errors import QueryError
from exporter.promql.annotations import Annotations
from exporter.promql.limits import Limits
from exporter.promql.source import SeriesSource
from exporter.promql.syntax.nodes import Edge

_CHECK_EVERY = 20_000


class Run:
    """What the operators of a plan share while they run.

    `start` and `end` are the first and last evaluation of the query, all times in milliseconds. `memory` is
    where operators keep what they have found for the rest of the run. `samples` counts what is held during
    one evaluation, `retained` what stays for later ones, `remembered` the series that the plan knows for
    the next run. `give_way` is called now and then, whenever others may change the source.
    """

    def __init__(
        self,
        source: SeriesSource,
        text: str,
        start: int,
        end: int,
        *,
        limits: Limits,
        lookback_ms: int,
        default_step_ms: int,
        give_way: Callable[[], None] | None = None,
    ) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.limits = limits
        self.lookback_ms = lookback_ms
        self.default_step_ms = default_step_ms
        self.annotations = Annotations(text, limits.annotations)
        self.memory: dict[object, Any] = {}
        self.samples = 0
        self.retained = 0
        self.remembered = 0
        self._work = 0
        self._give_way = give_way
        self._deadline = time.monotonic() + limits.timeout_seconds

    def moment(self, at: int, fixed: int | Edge | None, offset: int) -> int:
        """The time that a selector with these modifiers looks at, when evaluated at `at`."""
        if fixed is None:
            return at - offset
        if isinstance(fixed, int):
            return fixed - offset
        return (self.start if fixed is Edge.START else self.end) - offset

    def check(self) -> None:
        """Give way to others, and raise `QueryError` if the time is up."""
        if self._give_way is not None:
            self._give_way()
        if time.monotonic() > self._deadline:
            raise QueryError(f"query timed out after {self.limits.timeout_seconds:g} s")

    def touch(self, samples: int) -> None:
        """Account for samples that are looked at now and then let go. Raises `QueryError`."""
        self._work += samples + 1
        if self._work > _CHECK_EVERY:
            self._work = 0
            self.check()
        if self.samples + self.retained + samples > self.limits.samples:
            raise QueryError(
                "query processing would load too many samples into memory in query execution "
                f"(more than {self.limits.samples})"
            )

    def hold(self, samples: int) -> None:
        """Account for samples that stay until whoever noted `samples` before sets it back."""
        self.touch(samples)
        self.samples += samples

    def retain(self, samples: int) -> None:
        """Account for samples that stay for the rest of the run. Raises `QueryError`."""
        self.touch(samples)
        self.retained += samples

    def hold_text(self, characters: int) -> None:
        """Account for text that the query has built. Raises `QueryError`."""
        if characters > self.limits.label_value_chars:
            raise QueryError(f"label value longer than {self.limits.label_value_chars} characters")
        self.hold(characters // 32)
