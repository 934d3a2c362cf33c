"""Features: what is off unless it is asked for, by the names that `--enable-feature` of Prometheus takes."""

from enum import StrEnum


class Feature(StrEnum):
    """A feature that can be enabled."""

    DELAYED_NAME_REMOVAL = "promql-delayed-name-removal"
    """Metric names go from the results of queries only, not from what functions return."""
