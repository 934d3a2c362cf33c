"""The engine evaluates queries over a store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from weakref import WeakKeyDictionary

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.model.quoting import as_text
from exporter.promql import result
from exporter.promql.collecting import Collector, collect_tables
from exporter.promql.compiler import Compiler
from exporter.promql.disposal import dispose
from exporter.promql.expression import DEFAULT_LOOKBACK_MS, Expression
from exporter.promql.limits import Limits
from exporter.promql.memory import MemoryAccount
from exporter.promql.operators.base import RangeVectorOperator, ScalarOperator, VectorOperator
from exporter.promql.operators.names import are_unique, check_unique
from exporter.promql.operators.tables import tabular_of
from exporter.promql.reach import reach_of
from exporter.promql.run import Run
from exporter.promql.source import History, Pace, SeriesSource
from exporter.promql.syntax.signatures import ValueType
from exporter.promql.vector import ONE_WITHOUT_LABELS, IdentityMemo, Key, Vector

_final = attrgetter("final")


class _Plan:
    """The operators of one expression, and the labels of its last result."""

    def __init__(self, expression: Expression, limits: Limits, *, drops_names_late: bool) -> None:
        compiler = Compiler(expression.root, limits, drops_names_late=drops_names_late)
        self.vector: VectorOperator | None = None
        self.scalar: ScalarOperator | None = None
        self.range_vector: RangeVectorOperator | None = None
        match expression.value_type:
            case ValueType.VECTOR:
                self.vector = compiler.vector(expression.root)
            case ValueType.SCALAR:
                self.scalar = compiler.scalar(expression.root)
            case ValueType.MATRIX:
                self.range_vector = compiler.range_vector(expression.root)
        self.is_busy = False
        self.remembered = 0
        is_string = expression.value_type is ValueType.STRING
        self.string = as_text(compiler.string(expression.root)) if is_string else ""
        self._labels: IdentityMemo[list[Labels]] = IdentityMemo()
        self._table_labels: IdentityMemo[list[Labels] | None] = IdentityMemo()

    def labels(self, keys: Sequence[Key], run: Run) -> list[Labels]:
        """The labels of a result. Raises `QueryError` where two are the same."""
        return self._labels.get(lambda: self._unique_labels(keys, run), keys)

    def unique_labels(self, keys: Sequence[Key], run: Run) -> list[Labels] | None:
        """The labels of many results; None where two are the same, be it at different steps."""
        return self._table_labels.get(lambda: self._labels_or_none(keys, run), keys)

    def _labels_or_none(self, keys: Sequence[Key], run: Run) -> list[Labels] | None:
        labels = run.map(_final, keys)
        return labels if are_unique(labels, run) else None

    def _unique_labels(self, keys: Sequence[Key], run: Run) -> list[Labels]:
        labels = run.map(_final, keys)
        check_unique(labels, run)
        return labels


class Engine:
    """An engine evaluates expressions at one moment or along a range, for one thread at a time.

    A query yields control at its pace, where it has one: the store may change meanwhile and other queries may
    run, and it goes on to see the store as it was. It may have a look-back of its own. Its memory counts in
    its account, where it has one.

    `lookback_ms` is how old the newest sample of a series may be to count; `default_step_ms` the step of
    subqueries that give none, which in Prometheus is the global evaluation interval. With
    `delayed_name_removal` metric names go from results only, as with Prometheus' feature flag
    `promql-delayed-name-removal`. A query that looks back further than the store reads from `history`, where
    there is one.
    """

    def __init__(
        self,
        store: SeriesSource,
        limits: Limits | None = None,
        lookback_ms: int = DEFAULT_LOOKBACK_MS,
        default_step_ms: int = 15_000,
        *,
        delayed_name_removal: bool = False,
        history: History | None = None,
    ) -> None:
        self.history = history
        self._store = store
        self._limits = limits or Limits()
        self._lookback_ms = lookback_ms
        self.default_step_ms = default_step_ms
        self._delayed_name_removal = delayed_name_removal
        self._plans: WeakKeyDictionary[Expression, _Plan] = WeakKeyDictionary()
        # Of each query with computed durations the last that it was, with the step and the range it was for.
        self._resolved: WeakKeyDictionary[Expression, tuple[int, int, Expression]] = WeakKeyDictionary()
        # An upper bound of the series they know: those of plans that are gone count until plans are evicted.
        self._remembered = 0

    def delay_name_removal(self, delayed: bool) -> None:
        """Let metric names go from results only, or else at once, from the next query on."""
        if delayed is not self._delayed_name_removal:
            self._delayed_name_removal = delayed
            self._plans.clear()

    def instant(
        self,
        expression: Expression,
        at_ms: int,
        *,
        lookback_ms: int | None = None,
        pace: Pace | None = None,
        account: MemoryAccount | None = None,
    ) -> result.Result:
        """The value at one moment. Raises `QueryError`."""
        expression = self._resolve(expression, at_ms, at_ms, 0)
        with (
            self._run(expression, at_ms, at_ms, lookback_ms, pace, account) as run,
            self._plan(expression, run) as plan,
        ):
            value = self._value(plan, run, at_ms)
        return result.Result(value, run.annotations.warnings, run.annotations.infos)

    def range(
        self,
        expression: Expression,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        *,
        lookback_ms: int | None = None,
        pace: Pace | None = None,
        account: MemoryAccount | None = None,
    ) -> result.Result:
        """The values at the start, and from there at every step up to the end. Raises `QueryError`."""
        if expression.value_type not in (ValueType.SCALAR, ValueType.VECTOR):
            raise QueryError(
                f'invalid expression type "{expression.value_type.documented}" for range query, '
                "must be Scalar or instant Vector"
            )
        if step_ms <= 0:
            raise QueryError("zero or negative query resolution step widths are not accepted")
        if (end_ms - start_ms) // step_ms >= self._limits.steps:
            raise QueryError(
                f"exceeded maximum resolution of {self._limits.steps} points per timeseries; "
                "try a longer step or a shorter range"
            )
        expression = self._resolve(expression, start_ms, end_ms, step_ms)
        with (
            self._run(expression, start_ms, end_ms, lookback_ms, pace, account, step_ms) as run,
            self._plan(expression, run) as plan,
        ):
            series = self._series(plan, run, step_ms)
        return result.Result(result.Matrix(series), run.annotations.warnings, run.annotations.infos)

    def _resolve(self, expression: Expression, start_ms: int, end_ms: int, step_ms: int) -> Expression:
        """The expression with durations as numbers, the same object as last time where it can be."""
        if not expression.is_computed:
            return expression
        range_ms = end_ms - start_ms
        known = self._resolved.get(expression)
        if known is None or known[:2] != (step_ms, range_ms):
            known = step_ms, range_ms, expression.resolved(start_ms, end_ms, step_ms)
            self._resolved[expression] = known
        return known[2]

    @contextmanager
    def _run(
        self,
        expression: Expression,
        start_ms: int,
        end_ms: int,
        lookback_ms: int | None,
        pace: Pace | None,
        account: MemoryAccount | None,
        step_ms: int = 0,
    ) -> Iterator[Run]:
        lookback_ms = lookback_ms or self._lookback_ms
        reach = None if self.history is None else reach_of(expression.root, start_ms, end_ms, lookback_ms)
        view = None if self.history is None or reach is None else self.history.between(*reach, expression)
        try:
            yield Run(
                view or self._store,
                expression.text,
                start_ms,
                end_ms,
                limits=self._limits,
                lookback_ms=lookback_ms,
                default_step_ms=self.default_step_ms,
                step_ms=step_ms,
                pace=pace,
                account=account,
                view=view,
            )
        finally:
            if view is not None:
                view.close()

    @contextmanager
    def _plan(self, expression: Expression, run: Run) -> Iterator[_Plan]:
        """The plan of an expression, for one query at a time: it remembers the last series it has seen."""
        plan = self._plans.get(expression)
        if plan is None or plan.is_busy:
            plan = self._plans[expression] = _Plan(
                expression, self._limits, drops_names_late=self._delayed_name_removal
            )
        plan.is_busy = True
        try:
            yield plan
        except RecursionError:
            raise QueryError("expression is nested too deeply") from None
        finally:
            plan.is_busy = False
            if run.remembered > self._limits.remembered:
                self._plans.pop(expression, None)
                dispose(plan, run.yield_control)
            elif run.remembered:
                self._remembered += max(0, run.remembered - plan.remembered)
                plan.remembered = max(plan.remembered, run.remembered)
                if self._remembered > self._limits.remembered:
                    self._evict()

    def _evict(self) -> None:
        """Drop the oldest plans until the rest does not know too many series."""
        known = sum(plan.remembered for plan in self._plans.values())
        for expression in list(self._plans):
            if known <= self._limits.remembered:
                break
            known -= self._plans.pop(expression).remembered
        self._remembered = known

    def _value(self, plan: _Plan, run: Run, at_ms: int) -> result.Value:
        if plan.vector is not None:
            vector = plan.vector.evaluate(run, at_ms)
            labels = self._labels(plan, vector, run)
            return result.Vector(run.map(result.VectorSample, labels, vector.values))
        if plan.scalar is not None:
            return result.Scalar(plan.scalar.evaluate(run, at_ms))
        if plan.range_vector is not None:
            return result.Matrix(self._matrix(plan, run, at_ms))
        return result.String(plan.string)

    def _labels(self, plan: _Plan, vector: Vector, run: Run) -> list[Labels]:
        if len(vector.keys) > self._limits.series:
            raise QueryError(f"query yields more than {self._limits.series} series")
        return plan.labels(vector.keys, run)

    def _matrix(self, plan: _Plan, run: Run, at_ms: int) -> list[result.RangeSeries]:
        assert plan.range_vector is not None
        keys, ranges = plan.range_vector.evaluate(run, at_ms)
        found = []
        for key, (times, values) in zip(keys, ranges, strict=True):
            if times:
                run.account_result(len(times))
                found.append(result.RangeSeries(key.final, list(zip(times, values, strict=True))))
        return _sorted_unique(found, run)

    def _series(self, plan: _Plan, run: Run, step_ms: int) -> list[result.RangeSeries]:
        collected = Collector(run, self._limits)
        steps = range(run.start_ms, run.end_ms + 1, step_ms)
        done = 0
        tabular = tabular_of(plan.vector)
        if tabular is not None:
            done = collect_tables(tabular, run, steps, collected, plan.unique_labels)
        for at_ms in steps[done:]:
            run.check()
            run.samples = 0
            if plan.vector is not None:
                vector = plan.vector.evaluate(run, at_ms)
                collected.add(at_ms, self._labels(plan, vector, run), vector.values)
            elif plan.scalar is not None:
                collected.add(at_ms, plan.labels(ONE_WITHOUT_LABELS, run), [plan.scalar.evaluate(run, at_ms)])
        return collected.series()


def _sorted_unique(series: list[result.RangeSeries], run: Run) -> list[result.RangeSeries]:
    check_unique(run.map(lambda one: one.labels, series), run)
    return run.sorted(series, lambda one: one.labels.pairs)
