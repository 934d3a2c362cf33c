"""`QueryStats` tells how long a query has waited and taken, to who asks with the parameter `stats`."""

import time
from collections.abc import Sequence
from typing import Any

from exporter.model.quoting import quote
from exporter.web.api_v1.parameters import Parameters


class QueryStats:
    """The times of one query, in seconds. Samples are not counted."""

    def __init__(self, parameters: Parameters) -> None:
        self._wanted = parameters.text("stats")
        self._asked_at = self._begun_at = self._evaluated_at = time.monotonic()

    def begin(self) -> None:
        """It waits no more."""
        self._begun_at = time.monotonic()

    def end(self) -> None:
        """It is evaluated."""
        self._evaluated_at = time.monotonic()

    @property
    def told(self) -> dict[str, Any] | None:
        """The statistics in the answer; None where they were not asked for."""
        if not self._wanted:
            return None
        timings = {
            "evalTotalTime": self._evaluated_at - self._begun_at,
            "execQueueTime": self._begun_at - self._asked_at,
            "execTotalTime": self._evaluated_at - self._asked_at,
        }
        return {"timings": timings}

    @property
    def warnings(self) -> Sequence[str]:
        """The warning of Prometheus about values that it is going to refuse."""
        if self._wanted in ("", "true", "all"):
            return ()
        return (
            f'value {quote(self._wanted[:100])} for parameter "stats" is deprecated and will be rejected in '
            'the next major release, use "true" or "all"',
        )
