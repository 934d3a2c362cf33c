"""`Families`: the metrics that the store knows, with their types and help texts."""

from collections.abc import Iterable, Sequence
from weakref import WeakSet

from exporter.model.sample import Family, Kind, Schema
from exporter.remote.write.message import metric_name
from exporter.store.series_group import SeriesGroup


class Families:
    """The metrics of all sources, by the names of their series."""

    def __init__(self) -> None:
        self._by_series_name: dict[str, Family] = {}
        self._seen: WeakSet[Schema] = WeakSet()

    def look(self, groups: Iterable[SeriesGroup]) -> None:
        """Learn what sources write; those that write the same are looked at once."""
        for group in groups:
            schema = group.layout.schema
            if schema in self._seen:
                continue
            self._seen.add(schema)
            for name, indexes in schema.by_name.items():
                self._by_series_name[name] = schema.points[indexes[0]].family

    def of(self, series_name: str) -> Family | None:
        """Return the metric that a series of this name belongs to."""
        return self._by_series_name.get(series_name)

    @property
    def described(self) -> Sequence[Family]:
        """Those that there is something to tell about, each name once, sorted."""
        found = {metric_name(family): family for family in self._by_series_name.values()}
        return [
            found[name] for name in sorted(found) if found[name].help or found[name].kind is not Kind.UNTYPED
        ]
