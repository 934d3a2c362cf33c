"""The report of `test rules` runs unit-test files and says how each went."""

from collections.abc import Callable, Sequence
from pathlib import Path

from exporter.rules.unit_tests.run import run_test_file


def report_test_files(
    paths: Sequence[Path],
    write: Callable[[str], None],
    write_error: Callable[[str], None],
    *,
    delayed_name_removal: bool = False,
) -> int:
    """Run the files one after the other; returns the exit status: 0 when all passed, 1 otherwise.

    `write` and `write_error` take what goes to standard output and standard error, without line ends. Words
    and status are those of `promtool test rules`.
    """
    failed = False
    for path in paths:
        write(f"Unit Testing:  {path}")
        outcome = run_test_file(path, delayed_name_removal=delayed_name_removal)
        for warning in outcome.warnings:
            write_error(warning)
        if outcome.failures:
            failed = True
            write_error("  FAILED:")
            for failure in outcome.failures:
                write_error(failure)
        else:
            write("  SUCCESS")
        write("")
    return int(failed)
