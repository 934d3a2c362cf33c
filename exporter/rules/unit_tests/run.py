"""A test run feeds the series of a unit-test file, evaluates the rules step by step, and compares."""

import asyncio
import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.config.document import Document, validate
from exporter.errors import ConfigError, QueryError
from exporter.model.alert import Alert
from exporter.model.duration import format_duration
from exporter.model.labels import Labels
from exporter.promql import Engine, parse
from exporter.rules.environment import Environment
from exporter.rules.group import RuleGroup
from exporter.rules.load import load_rule_files
from exporter.rules.model import RuleFile
from exporter.rules.notation import parse_series
from exporter.rules.results import samples_of
from exporter.rules.unit_tests.compare import (
    FiringAlert,
    PlainSample,
    describe_alerts,
    describe_samples,
    samples_match,
    sort_samples,
)
from exporter.rules.unit_tests.schema import AlertTest, QueryTest, TestFile, TestGroup
from exporter.rules.unit_tests.series import SeriesFeed
from exporter.store import Store

_DEFAULT_INTERVAL_MS: Final = 60_000
_FOREVER_MS: Final = 2**62


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """The outcome of one unit-test file; without `failures` it passed."""

    failures: Sequence[str] = ()
    warnings: Sequence[str] = ()


def run_test_file(path: Path, *, delayed_name_removal: bool = False) -> FileOutcome:
    """Run all tests of a file; whatever is wrong with the file is a failure too.

    `delayed_name_removal`: metric names go from results only, as with the feature flag of that name.
    """
    try:
        file = validate(Document.load(path, lenient=True), TestFile)
        rule_paths, warnings = _find_rule_files(file.rule_files, path.parent)
        order = _group_order(file.group_eval_order)
        rules = load_rule_files(rule_paths)
    except ConfigError as error:
        return FileOutcome([str(problem) for problem in error.problems])
    except ValueError as error:
        return FileOutcome([str(error)])
    failures = []
    for test in file.tests:
        run = _TestRun(file, test, rules, order, delayed_name_removal=delayed_name_removal)
        failures += asyncio.run(run.run())
    return FileOutcome(failures, warnings)


def _find_rule_files(patterns: Sequence[str], base: Path) -> tuple[list[Path], list[str]]:
    """The files that the patterns match, and a warning for each that matches none."""
    paths: list[Path] = []
    warnings = []
    for pattern in patterns:
        full = str(base / pattern)
        found = sorted(glob.glob(full))
        if not found:
            warnings.append(f"  WARNING: no file match pattern {full}")
        paths += map(Path, found)
    return paths, warnings


def _group_order(names: Sequence[str]) -> Mapping[str, int]:
    order: dict[str, int] = {}
    for number, name in enumerate(names):
        if name in order:
            raise ValueError(f"group name repeated in evaluation order: {name}")
        order[name] = number
    return order


class _NoSink:
    """Tests look at the rules themselves."""

    async def receive(self, alerts: Sequence[Alert]) -> None:
        return


class _TestRun:
    """One test: its own store, engine and groups."""

    def __init__(
        self,
        file: TestFile,
        test: TestGroup,
        rules: Sequence[RuleFile],
        order: Mapping[str, int],
        *,
        delayed_name_removal: bool,
    ) -> None:
        self._test = test
        self._fuzzy = file.fuzzy_compare
        self._step_ms = file.evaluation_interval.milliseconds or _DEFAULT_INTERVAL_MS
        self._interval_ms = test.interval.milliseconds or self._step_ms
        self._start_ms = test.start_timestamp
        self._store = Store(retention_ms=_FOREVER_MS)
        self._engine = Engine(
            self._store, default_step_ms=self._step_ms, delayed_name_removal=delayed_name_removal
        )
        environment = Environment(
            self._engine,
            self._store,
            _NoSink(),
            external_labels=Labels(test.external_labels),
            external_url=test.external_url.rstrip("/"),
            evaluation_interval_ms=self._interval_ms,
        )
        groups = [RuleGroup(group, environment) for rule_file in rules for group in rule_file.groups]
        # As in promtool, groups that the order does not name come with the first.
        self._groups = sorted(groups, key=lambda group: order.get(group.spec.key.name, 0))

    async def run(self) -> list[str]:
        """Run the test, and return what failed."""
        try:
            feed = SeriesFeed(self._test.input_series, start_ms=self._start_ms, interval_ms=self._interval_ms)
            self._check_names()
        except (QueryError, ValueError) as error:
            return [str(error)]
        failures: list[str] = []
        for passed_ms in range(0, self._longest_ms() + 1, self._step_ms):
            feed.write(self._store, self._start_ms + passed_ms)
            errors = await self._evaluate(passed_ms)
            if errors:
                return failures + errors
            failures += self._alert_failures(passed_ms)
        return failures + [
            failure for test in self._test.promql_expr_test for failure in self._query_failures(test)
        ]

    def _check_names(self) -> None:
        for test in self._test.alert_rule_test:
            if not test.alertname:
                where = f" (in TestGroup {self._test.name})" if self._test.name else ""
                raise ValueError(
                    "an item under alert_rule_test misses required attribute alertname at eval_time "
                    f"{test.eval_time}{where}"
                )

    def _longest_ms(self) -> int:
        moments = [test.eval_time for test in self._test.alert_rule_test]
        moments += [test.eval_time for test in self._test.promql_expr_test]
        return max((moment.milliseconds for moment in moments), default=0)

    async def _evaluate(self, passed_ms: int) -> list[str]:
        """Evaluate all groups, and return the errors of their rules."""
        errors = []
        for group in self._groups:
            await group.evaluate(self._start_ms + passed_ms)
            for rule in group.rules:
                error = rule.status.last_error
                if error:
                    time = format_duration(passed_ms)
                    errors.append(f"    rule: {rule.spec.name}, time: {time}, err: {error}")
        return errors

    def _alert_failures(self, passed_ms: int) -> Iterator[str]:
        """The alert tests of the moments from this evaluation to the next."""
        for test in sorted(self._test.alert_rule_test, key=lambda test: test.eval_time):
            if passed_ms <= test.eval_time.milliseconds < passed_ms + self._step_ms:
                expected, got = self._expected_alerts(test), self._firing(test.alertname)
                if expected != got:
                    name = f"    name: {self._test.name},\n" if self._test.name else ""
                    yield (
                        f"{name}    alertname: {test.alertname}, time: {test.eval_time}, \n"
                        f"        exp:{describe_alerts(expected)}, \n        got:{describe_alerts(got)}"
                    )

    def _expected_alerts(self, test: AlertTest) -> list[FiringAlert]:
        return sorted(
            FiringAlert(
                tuple(sorted({**alert.exp_labels, "alertname": test.alertname}.items())),
                tuple(sorted(alert.exp_annotations.items())),
            )
            for alert in test.exp_alerts
        )

    def _firing(self, name: str) -> list[FiringAlert]:
        return sorted(
            FiringAlert(alert.labels.pairs, alert.annotations)
            for group in self._groups
            for rule in group.alerting_rules
            for alert in rule.active.values()
            if rule.spec.name == name and alert.is_firing
        )

    def _query_failures(self, test: QueryTest) -> Iterator[str]:
        intro = f"    expr: {_quote(test.expr)}, time: {test.eval_time}"
        try:
            result = self._engine.instant(parse(test.expr), self._start_ms + test.eval_time.milliseconds)
            got = [PlainSample(sample.labels.pairs, sample.value) for sample in samples_of(result)]
            expected = [
                PlainSample(*_expected_sample(test, number)) for number in range(len(test.exp_samples))
            ]
        except QueryError as error:
            yield f"{intro}, err: {error}"
            return
        if not samples_match(expected, got, fuzzy=self._fuzzy):
            yield (
                f"{intro},\n        exp: {describe_samples(sort_samples(expected))}"
                f"\n        got: {describe_samples(sort_samples(got))}"
            )


def _expected_sample(test: QueryTest, number: int) -> tuple[tuple[tuple[str, str], ...], float]:
    sample = test.exp_samples[number]
    if sample.histogram:
        raise QueryError("native histograms are not supported")
    try:
        return parse_series(sample.labels or "{}").pairs, sample.value
    except QueryError as error:
        raise QueryError(f"labels {_quote(sample.labels)}: {error}") from error


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
