"""Every eval in Prometheus' test language is a test: those of `testdata` and those in `$PROMQLTEST_DIR`."""

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.promql.promqltest.comparison import Mismatch
from tests.promql.promqltest.runner import Case, Report, read_cases, run_file

_OWN = Path(__file__).parent / "testdata"
_GIVEN = os.environ.get("PROMQLTEST_DIR")


def _cases(folder: Path, scripts: Iterable[Path]) -> list[Any]:
    """The cases of some scripts, each named by its file and line."""
    return [
        pytest.param(case, id=f"{path.relative_to(folder)}:{case.line}")
        for path in sorted(scripts)
        for case in read_cases(path)
    ]


def _given() -> list[Any]:
    return _cases(Path(_GIVEN), Path(_GIVEN).glob("**/*.test")) if _GIVEN else []


def _check(case: Case, *, delayed_name_removal: bool) -> None:
    reason = case.out_of_scope()
    if reason is not None:
        pytest.skip(f"out of scope: {reason}")
    try:
        case.run(delayed_name_removal=delayed_name_removal)
    except Mismatch as mismatch:
        raise Mismatch(f"{case.path}:{case.line}: {mismatch}") from mismatch.__cause__


@cache
def _was_written_for_delayed_name_removal(path: Path) -> bool:
    """A script does not say whether names go at once or in the end, so the better run of the two counts."""
    late, at_once = Report(), Report()
    run_file(path, late, delayed_name_removal=True)
    if late.failures:
        run_file(path, at_once)
    return not late.failures or len(late.failures) < len(at_once.failures)


@pytest.mark.parametrize("case", _cases(_OWN, _OWN.glob("*.test")))
def test_an_eval_yields_what_its_script_says(case: Case) -> None:
    _check(case, delayed_name_removal=False)


@pytest.mark.parametrize("case", _cases(_OWN, _OWN.glob("delayed_name_removal/*.test")))
def test_an_eval_about_delayed_name_removal_yields_what_its_script_says(case: Case) -> None:
    _check(case, delayed_name_removal=True)


@pytest.mark.parametrize("case", _cases(_OWN, set(_OWN.glob("*.test")) - {_OWN / "names.test"}))
def test_an_eval_for_either_way_yields_the_same_with_delayed_name_removal(case: Case) -> None:
    _check(case, delayed_name_removal=True)


@pytest.mark.parametrize("case", _given())
def test_an_eval_of_a_given_script_yields_what_it_says(case: Case) -> None:
    _check(case, delayed_name_removal=_was_written_for_delayed_name_removal(case.path))


@pytest.mark.skipif(not _GIVEN, reason="PROMQLTEST_DIR names no folder of scripts")
def test_the_folder_of_given_scripts_has_evals_in_scope() -> None:
    assert any(parameters.values[0].out_of_scope() is None for parameters in _given())
