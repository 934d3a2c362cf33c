"""A budget bounds the memory of all queries that run at a time, and the time of each."""

from typing import Final

from exporter.errors import QueryError

# The memory of a series that a query has selected, with its labels and what is kept for each; and of a
# sample: measured with tracemalloc.
SERIES_BYTES: Final = 1_100
SAMPLE_BYTES: Final = 100
# A value in a list.
VALUE_BYTES: Final = 32
_UNLIMITED: Final = 1 << 62


class MemoryBudget:
    """A bound on the memory of all queries together, in bytes.

    `used_bytes` is about what they use. `refused_total` counts the queries that would have used more.
    `timeout_seconds` is how long each may take.
    """

    def __init__(self, limit_bytes: int = _UNLIMITED, timeout_seconds: float = 120.0) -> None:
        self.limit_bytes = limit_bytes
        self.timeout_seconds = timeout_seconds
        self.used_bytes = 0
        self.refused_total = 0

    def account(self) -> "MemoryAccount":
        """Open the account of one query, to be closed when its memory is free again."""
        return MemoryAccount(self)


class MemoryAccount:
    """The part of a budget that one query uses."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._used = 0
        self._texts = 0

    def set_used(self, used_bytes: int) -> None:
        """Set what is used now, besides texts. Raises `QueryError` where all queries use too much."""
        budget = self._budget
        grown = used_bytes + self._texts - self._used
        budget.used_bytes += grown
        self._used += grown
        if grown > 0 and budget.used_bytes > budget.limit_bytes:
            budget.refused_total += 1
            raise QueryError(
                "query processing would load too many samples into memory in query execution "
                f"(all queries together more than {budget.limit_bytes >> 20} MiB: query.memory_limit)"
            )

    def add_text(self, used_bytes: int) -> None:
        """Add so much of the answer that has been written. Raises as `set_used`."""
        samples_bytes = self._used - self._texts
        self._texts += used_bytes
        self.set_used(samples_bytes)

    def close(self) -> None:
        """Give back all of it."""
        self._budget.used_bytes -= self._used
        self._used = self._texts = 0
