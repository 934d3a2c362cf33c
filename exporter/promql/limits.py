"""Limits bound what one query may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one query; whatever exceeds one is a `QueryError` that names it.

    `samples` is the number of samples held in memory at one moment, as `--query.max-samples` of Prometheus,
    `series` the number of series in a result, `steps` the number of points per series of a range query, and
    `points` that over all its series. `remembered` is how many series all plans together may know between
    queries. `nesting` bounds the depth of the syntax tree; a chain such as `a or b or c` counts with its
    length. Text that functions build (label_replace, label_join) counts as one sample per 32 characters.
    """

    expression_chars: int = 65_536
    nesting: int = 120
    samples: int = 1_000_000
    series: int = 100_000
    steps: int = 11_000
    points: int = 1_000_000
    label_value_chars: int = 65_536
    annotations: int = 10
    remembered: int = 10_000_000
    timeout_seconds: float = 10.0
