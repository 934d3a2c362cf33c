"""Range functions apply to range vectors."""

from collections.abc import Callable, Sequence

from exporter.promql.functions.ranges import RangeFunction
from exporter.promql.operators.base import RangeVectorOperator, ScalarOperator
from exporter.promql.operators.prefetch import Prefetch
from exporter.promql.operators.tables import Table, Tabular
from exporter.promql.run import Run
from exporter.promql.vector import NOTHING, IdentityMemo, Key, Presence, Vector

_COUNTER_SUFFIXES = ("_total", "_sum", "_count", "_bucket")


class ApplyToRanges(Tabular):
    """A function of the samples of each series."""

    def __init__(
        self, function: RangeFunction, operand: RangeVectorOperator, prefetch: Prefetch | None = None
    ) -> None:
        self._function = function
        self._operand = operand
        self._prefetch = prefetch
        self._presence = Presence()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results."""
        row = self._prefetch.row(run, at_ms) if self._prefetch is not None else None
        if row is None:
            return self.apply(self._function, run, at_ms)
        vector = self._presence.vector(*row)
        run.account_temporary(len(vector.values))
        return vector

    @property
    def is_tabular(self) -> bool:
        """Whether its ranges are read from the store, and others at each step."""
        return self._prefetch is not None

    def width(self, run: Run) -> int:
        """The number of series."""
        return 1 if self._prefetch is None else self._prefetch.width(run)

    def table(self, run: Run, steps: range) -> Table | None:
        """The results at some steps."""
        return None if self._prefetch is None else self._prefetch.table(run, steps)

    def apply(self, function: RangeFunction, run: Run, at_ms: int) -> Vector:
        """The vector of results of another function."""
        start_ms, end_ms = self._operand.bounds(run, at_ms)
        keys, ranges = self._operand.evaluate(run, at_ms)
        found = [function(times, values, start_ms, end_ms) if times else None for times, values in ranges]
        vector = self._presence.vector(keys, found)
        run.account_temporary(len(vector.values))
        return vector


class ApplyToCounters(Tabular):
    """`rate` and `increase`, which tell where a metric does not look like a counter."""

    def __init__(self, applied: ApplyToRanges, offset: int) -> None:
        self._applied = applied
        self.operands = (applied,)
        self._offset = offset
        self._doubtful: IdentityMemo[list[str]] = IdentityMemo()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results."""
        vector = self._applied.evaluate(run, at_ms)
        self._tell(vector.keys, run)
        return vector

    def table(self, run: Run, steps: range) -> Table | None:
        """The results at some steps."""
        table = self._applied.table(run, steps)
        if table is not None:
            self._tell(table.keys, run)
        return table

    def _tell(self, keys: Sequence[Key], run: Run) -> None:
        for name in self._doubtful.get(lambda: self._names(keys, run), keys):
            message = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket"
            run.annotations.inform(f'{message}: "{name}"', self._offset)

    def _names(self, keys: Sequence[Key], run: Run) -> list[str]:
        """Return the names that are not those of counters, each once."""
        names: dict[str, None] = {}
        for some in run.pieces(keys):
            names.update(dict.fromkeys([key.labels.name for key in some]))
        return [name for name in names if name and not name.endswith(_COUNTER_SUFFIXES)]


class ApplyWithParameter:
    """A function of a range vector that is prepared with a number of the query, and the time."""

    def __init__(
        self,
        prepare: Callable[[int, float], RangeFunction],
        applied: ApplyToRanges,
        parameter: ScalarOperator,
    ) -> None:
        self._prepare = prepare
        self._applied = applied
        self._parameter = parameter

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results."""
        return self._applied.apply(self._prepare(at_ms, self._parameter.evaluate(run, at_ms)), run, at_ms)


class QuantileOverTime:
    """`quantile_over_time`, which warns of a phi outside 0 to 1."""

    def __init__(self, applied: ApplyWithParameter, phi: ScalarOperator, offset: int) -> None:
        self._applied = applied
        self._phi = phi
        self._offset = offset

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results."""
        vector = self._applied.evaluate(run, at_ms)
        if vector.values:
            run.annotations.warn_of_quantile(self._phi.evaluate(run, at_ms), self._offset)
        return vector


class AbsentOverTime:
    """`absent_over_time`: one element, 1, where no series has any sample in the range."""

    def __init__(self, operand: RangeVectorOperator, key: Key) -> None:
        self._operand = operand
        self._keys = (key,)

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """One element or none."""
        _, ranges = self._operand.evaluate(run, at_ms)
        return NOTHING if any(times for times, _ in ranges) else Vector(self._keys, [1.0])
