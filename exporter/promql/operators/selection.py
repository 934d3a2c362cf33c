"""A selection finds the series of a selector, and gives them keys."""

from collections.abc import Sequence

from exporter.model.labels import Labels
from exporter.model.series import ReadableSeries
from exporter.promql.run import Run
from exporter.promql.syntax.nodes import VectorSelector
from exporter.promql.vector import Key


class Selection:
    """The series of a selector, with keys that stay the same objects while the series do."""

    def __init__(self, node: VectorSelector) -> None:
        self._matchers = node.matchers
        self._series: Sequence[ReadableSeries] = ()
        self._keys: list[Key] = []

    def read(self, run: Run) -> tuple[Sequence[ReadableSeries], list[Key]]:
        """Series and keys, side by side."""
        series = run.select(self._matchers)
        if series is not self._series:
            run.remembered += len(series)
            self._keys = self._keys_of(series, run)
            self._series = series
        run.account_scanned(len(series))
        return series, self._keys

    def _keys_of(self, series: Sequence[ReadableSeries], run: Run) -> list[Key]:
        known: dict[Labels, Key] = {}
        for keys in run.pieces(self._keys):
            known.update([(key.labels, key) for key in keys])
        return run.map(lambda one: known.get(one.labels) or Key(one.labels), series)
