"""Runs every script of Prometheus' test language: those beside this file, and those in `$PROMQLTEST_DIR`."""

import os
from pathlib import Path

from tests.promql.promqltest.runner import Report, run_file

_OWN = Path(__file__).parent / "testdata"


def _scripts() -> list[Path]:
    folders = [_OWN]
    if given := os.environ.get("PROMQLTEST_DIR"):
        folders.append(Path(given))
    return [path for folder in folders for path in sorted(folder.glob("**/*.test"))]


def test_every_script_passes() -> None:
    report = Report()
    for path in _scripts():
        run_file(path, report)
    for line in report.lines():
        print(line)
    assert report.passed > 0
    assert not report.failures
