"""A budget bounds the memory of all queries that run at a time, and the time of each."""

from typing import Final

from exporter.errors import QueryError

# What a series costs that a query has selected, with its labels and what is kept for each; and a sample:
# measured with tracemalloc.
SERIES_BYTES: Final = 1_100
SAMPLE_BYTES: Final = 100
# A value in a list.
VALUE_BYTES: Final = 32
_UNLIMITED: Final = 1 << 62


class MemoryBudget:
    """What queries may hold together, in bytes; `used_bytes` is what they hold, about. `refused_total` counts
    the queries that would have held more. `timeout_seconds` is how long each may take."""

    def __init__(self, limit_bytes: int = _UNLIMITED, timeout_seconds: float = 120.0) -> None:
        self.limit_bytes = limit_bytes
        self.timeout_seconds = timeout_seconds
        self.used_bytes = 0
        self.refused_total = 0

    def account(self) -> "MemoryAccount":
        """What one query holds; to be closed when it no longer does."""
        return MemoryAccount(self)


class MemoryAccount:
    """The part of a budget that one query takes."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._held = 0
        self._texts = 0

    def set_used(self, used_bytes: int) -> None:
        """So much is held now, besides texts. Raises `QueryError` where all queries hold too much."""
        budget = self._budget
        grown = used_bytes + self._texts - self._held
        budget.used_bytes += grown
        self._held += grown
        if grown > 0 and budget.used_bytes > budget.limit_bytes:
            budget.refused_total += 1
            raise QueryError(
                "query processing would load too many samples into memory in query execution "
                f"(all queries together more than {budget.limit_bytes >> 20} MiB: query.memory_limit)"
            )

    def add_text(self, used_bytes: int) -> None:
        """So much of the answer has been written, in addition. Raises as `set_used`."""
        held = self._held - self._texts
        self._texts += used_bytes
        self.set_used(held)

    def close(self) -> None:
        """Nothing is held any more."""
        self._budget.used_bytes -= self._held
        self._held = self._texts = 0
