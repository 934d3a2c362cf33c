"""Runs the cases of scripts, one by one or a whole file."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exporter.errors import QueryError
from exporter.promql import Engine, Limits, Result, Scalar, Vector, VectorSample, parse
from exporter.promql.result import Matrix
from exporter.promql.syntax.printer import format_expression
from tests.promql.promqltest.comparison import Mismatch, compare
from tests.promql.promqltest.pinned import depends_on_time, other_times, pin
from tests.promql.promqltest.scope import out_of_scope
from tests.promql.promqltest.script import Clear, Eval, Load, Unreadable, read_script
from tests.promql.promqltest.world import Data, World

_MINUTE_MS: Final = 60_000
_DEPENDS_ON_QUERY: Final = re.compile(r"(start|end|range|step)\(\)")


@dataclass(slots=True)
class Report:
    """What has passed, what has failed and how, what was not tried and why."""

    passed: int = 0
    failures: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """The report for people; the last line has the totals."""
        yield from self.failures
        for kind, count in sorted(self.left_out.items()):
            yield f"out of scope: {count:4d}  {kind}"
        left_out = sum(self.left_out.values())
        yield f"{self.passed} evals passed, {len(self.failures)} failed, {left_out} out of scope"


@dataclass(frozen=True, slots=True)
class Case:
    """An eval of a script, or a place that cannot be read, with the data that it sees.

    The cases between two loads share their data.
    """

    path: Path
    command: Eval | Unreadable
    data: Data

    @property
    def line(self) -> int:
        """The line of the script, from 1."""
        return self.command.line

    def out_of_scope(self) -> str | None:
        """Why the engine is not meant to pass this case; None: it is."""
        return None if isinstance(self.command, Unreadable) else out_of_scope(self.command, self.data.world)

    def run(self, *, delayed_name_removal: bool = False) -> None:
        """Run the eval. Raises `Mismatch`."""
        if isinstance(self.command, Unreadable):
            raise Mismatch(self.command.message)
        try:
            run_eval(self.command, self.data.world, delayed_name_removal=delayed_name_removal)
        except Mismatch as mismatch:
            raise Mismatch(f"{self.command.query}: {mismatch}") from None
        except Exception as error:
            raise Mismatch(f"{self.command.query}: crash: {type(error).__name__}: {error}") from error


def read_cases(path: Path) -> Iterator[Case]:
    """The cases of a script, in order."""
    data = Data()
    for command in read_script(path.read_text("utf-8", errors="replace")):
        if isinstance(command, Clear):
            data = Data()
        elif isinstance(command, Load):
            data = Data((*data.loads, command))
        else:
            yield Case(path, command, data)


def run_file(path: Path, report: Report, *, delayed_name_removal: bool = False) -> None:
    """Run one script and add to the report.

    Prometheus runs the scripts of its own suite with delayed name removal.
    """
    for case in read_cases(path):
        reason = case.out_of_scope()
        if reason is not None:
            report.left_out[reason] += 1
            continue
        try:
            case.run(delayed_name_removal=delayed_name_removal)
        except Mismatch as mismatch:
            report.failures.append(f"{path.name}:{case.line}: {mismatch}")
        else:
            report.passed += 1


def run_eval(found: Eval, world: World, *, delayed_name_removal: bool = False) -> None:
    """Run an eval the way it says, and the ways that must yield the same. Raises `Mismatch`."""
    engine = Engine(
        world.store, Limits(), default_step_ms=_MINUTE_MS, delayed_name_removal=delayed_name_removal
    )
    if found.is_range:
        _check(found, engine, found.query, None)
        return
    for query, at_ms in _variants(found):
        try:
            _check(found, engine, query, at_ms)
        except Mismatch as mismatch:
            place = "" if query == found.query else f" (as {query} at {at_ms / 1000:g})"
            raise Mismatch(f"{mismatch}{place}") from None


def _variants(found: Eval) -> Iterator[tuple[str, int]]:
    yield found.query, found.at_ms
    try:
        root = parse(found.query).root
    except QueryError:
        return
    if not depends_on_time(root):
        pinned = format_expression(pin(root, found.at_ms))
        for at_ms in other_times(found.at_ms):
            yield pinned, at_ms


def _check(found: Eval, engine: Engine, query: str, at_ms: int | None) -> None:
    """One run; `at` None: as a range query."""
    try:
        expression = parse(query)
        if at_ms is None:
            result = engine.range(expression, found.start_ms, found.end_ms, found.step_ms)
        else:
            result = engine.instant(expression, at_ms)
    except QueryError as error:
        _check_failure(found, str(error))
        return
    if found.may_fail:
        raise Mismatch("expected an error and got none")
    _check_annotations(found, result)
    compare(found, result.value)
    if at_ms is not None and not (
        found.range_vector or found.string is not None or _DEPENDS_ON_QUERY.search(query)
    ):
        _check_middle(found, engine, query, at_ms, result)


def _check_failure(found: Eval, message: str) -> None:
    if not found.may_fail:
        raise Mismatch(f"error: {message}")
    if not all(expected.accepts(message) for expected in found.notes["fail"]):
        raise Mismatch(f"expected another error than: {message}")


def _check_middle(found: Eval, engine: Engine, query: str, at_ms: int, instant: Result) -> None:
    """The middle point of a range query must be the same."""
    try:
        value = engine.range(parse(query), at_ms - _MINUTE_MS, at_ms + _MINUTE_MS, _MINUTE_MS).value
    except QueryError as error:
        raise Mismatch(f"error as a range query: {error}") from None
    if found.is_ordered:
        return
    assert isinstance(value, Matrix)
    samples = [
        VectorSample(series.labels, number)
        for series in value.series
        for time, number in series.points
        if time == at_ms
    ]
    try:
        compare(found, Scalar(samples[0].value) if isinstance(instant.value, Scalar) else Vector(samples))
    except Mismatch as mismatch:
        raise Mismatch(f"as a range query: {mismatch}") from None


def _check_annotations(found: Eval, result: Result) -> None:
    for kind, given in (("warn", result.warnings), ("info", result.infos)):
        if given and f"no_{kind}" in found.notes:
            raise Mismatch(f"unexpected {kind} annotations: {given}")
        expected = found.notes.get(kind, [])
        if expected and not given:
            raise Mismatch(f"expected {kind} annotations, got none")
        for one in expected:
            if not any(one.accepts(text) for text in given):
                raise Mismatch(f"no {kind} annotation as expected by {one}, but {given}")
        for text in given:
            if expected and not any(one.accepts(text) for one in expected):
                raise Mismatch(f"unexpected {kind} annotation: {text}")
