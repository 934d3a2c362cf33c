"""Unit tests of rules, in the format of `promtool test rules`, with its verdicts."""

from exporter.rules.unit_tests.report import report_test_files
from exporter.rules.unit_tests.run import FileOutcome, run_test_file

__all__ = ["FileOutcome", "report_test_files", "run_test_file"]
