"""Classic histograms are series that differ in the label `le` only; these are their functions."""

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.promql.functions.quantiles import Buckets, bucket_fraction, bucket_quantile, merge_buckets
from exporter.promql.numbers import parse_float
from exporter.promql.operators.base import ScalarOperator, VectorOperator
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
        run.account_scanned(len(vector.values))
        layout = self._layouts.get(lambda: self._arrange(vector.keys, run), vector.keys)
        for key in layout.bad:
            name = self.name_of(key)
            run.annotations.warn(
                f'bucket label "{_BOUND}" is missing or has a malformed value of '
                f'"{key.labels.get(_BOUND)}"' + (f' for metric name "{name}"' if name else ""),
                self._offset,
            )
        values = vector.values

        def merge(buckets: Sequence[tuple[float, int]]) -> Buckets:
            return merge_buckets([(bound, values[index]) for bound, index in buckets])

        return layout.keys, run.map(merge, layout.buckets)

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


def _upper_bound(key: Key) -> float:
    bound = parse_float(key.labels.get(_BOUND))
    return float("nan") if bound is None else bound


class HistogramQuantile:
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
                run.annotations.inform_forced(
                    self._histograms.name_of(key),
                    self._offset,
                    at_ms,
                    buckets.forced_low,
                    buckets.forced_high,
                    buckets.forced_diff,
                )
        return Vector(keys, values)


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
