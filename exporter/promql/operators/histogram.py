"""Classic histograms are series that differ in the label `le` only; these are their functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from exporter.promql.functions.quantiles import Buckets, bucket_fraction, bucket_quantile, merge_buckets
from exporter.promql.numbers import parse_float
from exporter.promql.operators.base import ScalarOperator, VectorOperator
from exporter.promql.operators.tables import Column, Table, Tabular, numbers_of, table_of, total
from exporter.promql.run import Run
from exporter.promql.vector import IdentityMemo, Key, PerKey, Vector

_BOUND = "le"


@dataclass(frozen=True, slots=True)
class _Layout:
    """The elements that are the buckets of each histogram, with their upper bounds.

    `bad` are elements without a usable bound.
    """

    keys: list[Key]
    buckets: list[list[tuple[float, int]]]
    bad: list[Key]


class _Histograms:
    """The histograms that the elements of a vector make up."""

    def __init__(self, operand: VectorOperator, offset: int, *, tells_names: bool) -> None:
        self._operand = operand
        self._offset = offset
        self._tells_names = tells_names
        self._bound = PerKey(_upper_bound)
        self._result = PerKey(lambda key: Key(key.labels.without(_BOUND)))
        self._layouts: IdentityMemo[_Layout] = IdentityMemo()

    def read(self, run: Run, at_ms: int) -> tuple[list[Key], list[Buckets]]:
        """The histograms at a time; warns of elements that are no buckets."""
        vector = self._operand.evaluate(run, at_ms)
        layout = self._layout(vector.keys, run)
        values = vector.values

        def merge(buckets: Sequence[tuple[float, int]]) -> Buckets:
            return merge_buckets([(bound, values[index]) for bound, index in buckets])

        return layout.keys, run.map(merge, layout.buckets)

    def rows(self, run: Run, steps: range) -> tuple[list[Key], Iterator[Iterator[Buckets | None]]] | None:
        """The histograms at some steps, one after the other; None where there is none at a step."""
        table = table_of(self._operand, run, steps)
        if table is None:
            return None
        layout = self._layout(table.keys, run)
        return layout.keys, (_merged(buckets, table.columns, run) for buckets in layout.buckets)

    def _layout(self, keys: Sequence[Key], run: Run) -> _Layout:
        run.account_scanned(len(keys))
        layout = self._layouts.get(lambda: self._arrange(keys, run), keys)
        for key in layout.bad:
            name = self.name_of(key)
            run.annotations.warn(
                f'bucket label "{_BOUND}" is missing or has a malformed value of '
                f'"{key.labels.get(_BOUND)}"' + (f' for metric name "{name}"' if name else ""),
                self._offset,
            )
        return layout

    def name_of(self, key: Key) -> str:
        """The metric's name as annotations tell it; nothing where names are dropped at once."""
        return key.labels.name if self._tells_names else ""

    def _arrange(self, keys: Sequence[Key], run: Run) -> _Layout:
        found: dict[Key, list[tuple[float, int]]] = {}
        bad = []
        bounds, results = self._bound.of(keys, run.check), self._result.of(keys, run.check)
        columns = zip(keys, bounds, results, strict=True)
        for index, (key, bound, result) in enumerate(columns):
            run.account_scanned(0)
            if bound != bound:
                bad.append(key)
            else:
                found.setdefault(result, []).append((bound, index))
        return _Layout(list(found), list(found.values()), bad)


def _merged(
    buckets: Sequence[tuple[float, int]], columns: Sequence[Column], run: Run
) -> Iterator[Buckets | None]:
    """A histogram, step by step, of which the columns of the buckets are known by their numbers."""
    ordered = sorted(buckets, key=itemgetter(0))
    bounds = [bound for bound, _ in ordered]
    members = [columns[index] for _, index in ordered]
    is_simple = len(set(bounds)) == len(bounds) and None not in map(total, members)
    for row in zip(*members, strict=True):
        run.work(len(bounds))
        if is_simple:
            yield Buckets(bounds, list(row))
            continue
        pairs = [(bound, count) for bound, count in zip(bounds, row, strict=True) if count is not None]
        yield merge_buckets(pairs) if pairs else None


def _upper_bound(key: Key) -> float:
    bound = parse_float(key.labels.get(_BOUND))
    return float("nan") if bound is None else bound


class HistogramQuantile(Tabular):
    """`histogram_quantile(phi, buckets)`."""

    def __init__(
        self,
        phi: ScalarOperator,
        operand: VectorOperator,
        phi_offset: int,
        offset: int,
        *,
        tells_names: bool,
    ) -> None:
        self._phi = phi
        self.operands = (operand,)
        self._histograms = _Histograms(operand, offset, tells_names=tells_names)
        self._phi_offset = phi_offset
        self._offset = offset

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The quantile of each histogram; tells of counts that had to be put right."""
        phi = self._phi.evaluate(run, at_ms)
        run.annotations.warn_of_quantile(phi, self._phi_offset)
        keys, histograms = self._histograms.read(run, at_ms)
        values = run.map(lambda buckets: bucket_quantile(phi, buckets), histograms)
        for key, buckets in zip(keys, histograms, strict=True):
            if buckets.was_forced:
                self._tell(run, key, buckets, at_ms)
        return Vector(keys, values)

    def table(self, run: Run, steps: range) -> Table | None:
        """The quantiles at some steps."""
        phis = numbers_of(self._phi, run, steps)
        for phi in dict.fromkeys(phis):
            run.annotations.warn_of_quantile(phi, self._phi_offset)
        found = self._histograms.rows(run, steps)
        if found is None:
            return None
        columns: list[Column] = []
        for key, rows in zip(*found, strict=True):
            column: list[float | None] = []
            for at_ms, phi, buckets in zip(steps, phis, rows, strict=True):
                column.append(None if buckets is None else bucket_quantile(phi, buckets))
                if buckets is not None and buckets.was_forced:
                    self._tell(run, key, buckets, at_ms)
            columns.append(column)
        return Table(found[0], columns)

    def _tell(self, run: Run, key: Key, buckets: Buckets, at_ms: int) -> None:
        """Tell of counts that had to be put right."""
        run.annotations.inform_forced(
            self._histograms.name_of(key),
            self._offset,
            at_ms,
            buckets.forced_low,
            buckets.forced_high,
            buckets.forced_diff,
        )


class HistogramFraction:
    """`histogram_fraction(lower, upper, buckets)`."""

    def __init__(
        self,
        lower: ScalarOperator,
        upper: ScalarOperator,
        operand: VectorOperator,
        offset: int,
        *,
        tells_names: bool,
    ) -> None:
        self._lower = lower
        self._upper = upper
        self._histograms = _Histograms(operand, offset, tells_names=tells_names)

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The fraction of the observations between the two values, per histogram."""
        lower, upper = self._lower.evaluate(run, at_ms), self._upper.evaluate(run, at_ms)
        keys, histograms = self._histograms.read(run, at_ms)
        return Vector(keys, run.map(lambda buckets: bucket_fraction(lower, upper, buckets), histograms))
