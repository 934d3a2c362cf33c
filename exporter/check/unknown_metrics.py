"""`UnknownMetrics`: says what becomes of rules that read what nothing here produces."""

from enum import StrEnum


class UnknownMetrics(StrEnum):
    """The severity of rules that read metrics which nothing here produces."""

    IGNORE = "ignore"
    WARN = "warn"
    ERROR = "error"
