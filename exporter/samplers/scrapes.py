"""`up` and `scrape_…` of the passes over a target, as Prometheus writes them of its scrapes.

They are in the store only, for rules and dashboards that read them: a Prometheus that scrapes `/metrics`
writes its own. Source: https://prometheus.io/docs/concepts/jobs_instances/
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from exporter.metrics import SeriesTable
from exporter.model.sample import Family, Kind

_UP: Final = Family("up", Kind.GAUGE, "Whether the server could be sampled.", exposed=False)
_DURATION: Final = Family(
    "scrape_duration_seconds", Kind.GAUGE, "How long the samplers of the last pass took.", exposed=False
)
_SAMPLES: Final = Family(
    "scrape_samples_scraped", Kind.GAUGE, "How many series the samplers tell.", exposed=False
)
_SAMPLES_KEPT: Final = Family(
    "scrape_samples_post_metric_relabeling", Kind.GAUGE, "As scrape_samples_scraped.", exposed=False
)
_ADDED: Final = Family(
    "scrape_series_added", Kind.GAUGE, "How many more series than in the pass before.", exposed=False
)
FAMILIES: Final = (_UP, _DURATION, _SAMPLES, _SAMPLES_KEPT, _ADDED)


class WrittenGroup(Protocol):
    """The counts of a group of the store."""

    @property
    def source(self) -> str:
        """The name of the source."""
        ...

    @property
    def version(self) -> int:
        """A number that increases whenever something changes in it."""
        ...

    @property
    def values(self) -> Sequence[float | None]:
        """The values of its newest row."""
        ...


class Scrape:
    """The last pass over a target."""

    def __init__(self) -> None:
        self._seconds = 0.0
        # By source: the version of the group that was counted, and how many series had a value there.
        self._counts: dict[str, tuple[int, int]] = {}
        self._added = 0
        self._indexes: Sequence[int | None] = ()
        self._generation = -1

    def note(self, seconds: float, groups: Iterable[WrittenGroup]) -> None:
        """Note how long a pass has taken, and the groups that its samplers have written."""
        self._seconds = round(seconds, 6)
        self._added = 0
        for group in groups:
            version, before = self._counts.get(group.source, (-1, 0))
            if version != group.version:
                count = len(group.values) - sum([1 for value in group.values if value is None])
                self._counts[group.source] = group.version, count
                self._added += max(0, count - before)

    def write(self, table: SeriesTable, *, up: bool) -> None:
        """Write the series; of a server that is down there are no samples."""
        if self._generation != table.generation:
            self._indexes, self._generation = [table.index(family) for family in FAMILIES], table.generation
        samples = sum([count for _, count in self._counts.values()]) if up else 0
        values = (float(up), self._seconds, float(samples), float(samples), float(self._added if up else 0))
        for index, value in zip(self._indexes, values, strict=True):
            if index is not None:
                table.values[index] = value
