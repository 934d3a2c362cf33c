"""A table that a sampler writes its values into: series are found once, values are set by index."""

from collections.abc import Iterable, Sequence
from itertools import compress

from exporter.metrics.histogram import format_bound
from exporter.metrics.key_index import NO_KEYS, Key, KeyIndex, key_index_of, point_of
from exporter.model.labels import Labels
from exporter.model.sample import NOT_KNOWN, Absence, Family, Layout, Point, Sample

# After so many passes series are dropped that no pass has set meanwhile.
_PASSES_BETWEEN_CLEANINGS = 240


class SeriesTable:
    """The series of one sampler on one target, and the values of the pass under way.

    A series is found by family and label values just once; after that it is an index into `values`. `base`
    are the labels that each series carries (`instance` and the target's own); a sampler's own label of the
    same name wins. `unexposed` are the names of those that are not on `/metrics`. At most `max_series` are
    held; what comes on top is dropped and counted in `dropped`.

    `generation` increases when indexes become invalid: compare it before using an index that was kept.

    Counts that begin with their first event: see `tell_all` and `stood_at`.
    """

    def __init__(
        self,
        source: str,
        base: Labels,
        *,
        unexposed: frozenset[str] = frozenset(),
        max_series: int = 20_000,
    ) -> None:
        self.source = source
        self.values: list[float | None] = []
        self.generation = 0
        self.dropped = 0
        self._last: list[float | None] = []
        self._base = base
        self._unexposed = unexposed
        self._max_series = max_series
        # The series at the end of the last pass, shared with other tables, and those added since.
        self._keys = NO_KEYS
        self._added: dict[Key, int] = {}
        self._new_points: list[Point] = []
        self._layout = Layout((), base, unexposed)
        self._passes = 0
        self._seen = bytearray()
        # Families that the pass under way has completely, those of the pass before, and what new series
        # stood at before.
        self._told: set[Family] = set()
        self._told_before: frozenset[Family] = frozenset()
        self._nothing_stood = NOT_KNOWN
        self._stood: dict[int, float] = {}
        self._own_stood: dict[int, float] = {}
        self._dropped_before = 0

    def make_room(self, series: int) -> None:
        """Allow at least so many series, for a sampler whose own caps allow more than usual."""
        self._max_series = max(self._max_series, series)

    def index(self, family: Family, *label_values: str, suffix: str = "") -> int | None:
        """Return the index of a series in `values`; None when the table is full."""
        key = (family, suffix, label_values)
        index = self._keys.indexes.get(key)
        if index is None:
            index = self._add(key, family.label_names)
        return index

    def _add(self, key: Key, names: Sequence[str]) -> int | None:
        """Return the index of a series that was not there at the end of the last pass."""
        index = self._added.get(key)
        if index is not None:
            return index
        if len(self) >= self._max_series:
            self.dropped += 1
            return None
        key, point = point_of(key, names)
        index = self._added[key] = len(self)
        self._new_points.append(point)
        self.values.append(None)
        return index

    def __len__(self) -> int:
        return len(self._keys.indexes) + len(self._added)

    def set(self, family: Family, value: float, *label_values: str, suffix: str = "") -> None:
        """Set the value of one series in this pass."""
        index = self.index(family, *label_values, suffix=suffix)
        if index is not None:
            self.values[index] = value

    def clear(self, family: Family, *label_values: str) -> None:
        """Leave one series without a value in this pass, also where the last value was carried over."""
        key: Key = (family, "", label_values)
        index = self._keys.indexes.get(key, self._added.get(key))
        if index is not None:
            self.values[index] = None

    def set_buckets(
        self, family: Family, buckets: Iterable[tuple[str, float]], total: float, *label_values: str
    ) -> None:
        """Set a histogram: cumulative (le, count) pairs that end with `+Inf`, and the sum."""
        names, counts = zip(*buckets, strict=True)
        indexes = self.histogram_indexes(family, names, *label_values)
        self.set_histogram(indexes, counts, total)

    def histogram_indexes(
        self, family: Family, names: Iterable[str], *label_values: str
    ) -> Sequence[int | None]:
        """Return the indexes of a histogram's series: its buckets by their `le`, its sum, its count."""
        return [
            *(self._extra_index(family, "_bucket", "le", name, label_values) for name in names),
            self.index(family, *label_values, suffix="_sum"),
            self.index(family, *label_values, suffix="_count"),
        ]

    def set_histogram(self, indexes: Sequence[int | None], counts: Sequence[float], total: float) -> None:
        """Set a histogram by its `histogram_indexes`: cumulative counts, the last of all, and the sum."""
        values = self.values
        for index, value in zip(indexes, (*counts, total, counts[-1]), strict=True):
            if index is not None:
                values[index] = value

    def set_quantile(self, family: Family, quantile: float, value: float, *label_values: str) -> None:
        """Set one quantile (0 to 1) of a summary."""
        index = self.quantile_index(family, format_bound(quantile), *label_values)
        if index is not None:
            self.values[index] = value

    def quantile_index(self, family: Family, quantile: str, *label_values: str) -> int | None:
        """Return the index of one quantile of a summary; None when the table is full."""
        return self._extra_index(family, "", "quantile", quantile, label_values)

    def _extra_index(
        self, family: Family, suffix: str, label: str, label_value: str, label_values: tuple[str, ...]
    ) -> int | None:
        """Return the index of a series that carries one label on top of the family's own."""
        key = (family, suffix, (*label_values, label_value))
        index = self._keys.indexes.get(key)
        if index is None:
            index = self._add(key, (*family.label_names, label))
        return index

    def tell_all(self, *families: Family) -> None:
        """Declare that this pass has every series of these families that counted anything so far.

        So a series that the next pass has on top stood at 0 in this one (see `Absence`). Not to be said where
        anything else may have kept a series out: a refused command, something that was not discovered yet.
        """
        self._told.update(families)

    def knew_all(self, family: Family) -> bool:
        """Whether the pass before had every series of a family."""
        return family in self._told_before

    def before(self, index: int | None) -> float | None:
        """Return the value of a series in the pass before; None where it had none."""
        return self._last[index] if index is not None and index < len(self._last) else None

    def stood_at(self, index: int | None, value: float, *, is_own: bool = False) -> None:
        """Set what a series stood at before this pass, if this is the first that has it.

        For what was not 0, though the pass before had everything: buckets of a histogram that had none of
        these bounds. `is_own`: a counter of our own, of which this is known whatever became of that pass.
        """
        if index is not None:
            (self._own_stood if is_own else self._stood)[index] = value

    def lose_track(self) -> None:
        """Forget what is known of the pass before: it failed, or was about another run of the server."""
        self._know(frozenset())
        self._stood = {}

    def finish(self, timestamp_ms: int) -> Sample:
        """Return the sample of the pass that ends (milliseconds); the next one starts without values."""
        if self._added:
            self._have(self._keys.extended(self._added, self._new_points))
        values = self.values
        sample = Sample(self.source, timestamp_ms, self._layout, values, self._absence)
        self._begin_telling()
        self._passes += 1
        if self._passes % _PASSES_BETWEEN_CLEANINGS == 0:
            self._clean()
        else:
            self._note_seen(values)
        self._last = values if len(values) == len(self) else []
        self.values = [None] * len(self)
        return sample

    def _have(self, keys: KeyIndex) -> None:
        """Replace the series by these, and clear what was added."""
        self._keys = keys
        self._layout = Layout(keys.schema, self._base, self._unexposed)
        self._added = {}
        self._new_points = []
        self._seen.extend(b"\1" * (len(self) - len(self._seen)))

    def resend_last(self, timestamp_ms: int) -> Sample | None:
        """Return the sample of the last pass with a later timestamp (milliseconds).

        None where only a pass can tell.
        """
        if self._added or len(self._last) != len(self):
            return None
        return Sample(self.source, timestamp_ms, self._layout, self._last)

    def carry_over(self) -> None:
        """Begin this pass with the values of the last one that was finished, instead of with none."""
        missing = len(self) - len(self._last)
        self.values = [*self._last, *[None] * missing]

    def discard(self) -> None:
        """Drop what a failed pass has set."""
        self.values = [None] * len(self)
        self._told.clear()
        self._stood, self._own_stood = {}, {}

    @property
    def _absence(self) -> Absence:
        """The absence of the series that this pass has for the first time."""
        if self._stood or self._own_stood:
            return Absence(self._told_before, {**self._stood, **self._own_stood})
        return self._nothing_stood

    def _begin_telling(self) -> None:
        """Make the pass that is over the one before the next."""
        if self.dropped != self._dropped_before:
            # A series was dropped, so that no family is complete.
            self._told.clear()
            self._dropped_before = self.dropped
        if self._told != self._told_before:
            self._know(frozenset(self._told))
        self._told.clear()
        if self._stood or self._own_stood:
            self._stood, self._own_stood = {}, {}

    def _know(self, told: frozenset[Family]) -> None:
        """Set the families that the pass before the next has completely."""
        self._told_before = told
        self._nothing_stood = Absence(told) if told else NOT_KNOWN

    def _note_seen(self, values: list[float | None]) -> None:
        # Checked now and then only, which is enough to tell series that are never set.
        if self._passes % 16 == 0:
            self._seen = bytearray(
                [seen or value is not None for seen, value in zip(self._seen, values, strict=True)]
            )

    def _clean(self) -> None:
        """Drop the series that have had no value since the last cleaning, if that is worth it."""
        dead = self._seen.count(0)
        if dead * 4 > len(self):
            seen, self._seen = self._seen, bytearray()
            keys, points = self._keys.indexes, self._keys.schema.points
            self._have(key_index_of(compress(keys, seen), list(compress(points, seen))))
            self.generation += 1
        self._seen = bytearray(len(self))
