"""`test rules`: the verdicts of promtool, on tests that pass and tests that fail."""

import subprocess
from pathlib import Path

import pytest

from exporter.rules.unit_tests import report_test_files, run_test_file
from tests.peers import require_program
from tests.rules.unit_test_cases import BAD, CLASH, FAILING, PASSING, RULES


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with the rule files that the cases name."""
    for name, text in (("rules.yml", RULES), ("clash.yml", CLASH), ("bad.yml", BAD)):
        (tmp_path / name).write_text(text)
    return tmp_path


def write_case(directory: Path, text: str) -> Path:
    path = directory / "case.yml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", PASSING)
def test_a_right_unit_test_passes(directory: Path, name: str) -> None:
    assert list(run_test_file(write_case(directory, PASSING[name])).failures) == []


@pytest.mark.parametrize("name", FAILING)
def test_a_wrong_unit_test_fails(directory: Path, name: str) -> None:
    assert run_test_file(write_case(directory, FAILING[name])).failures


@pytest.mark.peers("promtool")
def test_the_verdicts_are_promtool_s(directory: Path) -> None:
    promtool = require_program("promtool")
    differ = []
    for name, text in {**PASSING, **FAILING}.items():
        path = write_case(directory, text)
        done = subprocess.run([promtool, "test", "rules", path], capture_output=True, text=True, timeout=60)
        if done.returncode != (name in FAILING):
            differ.append((name, done.stdout + done.stderr))
    assert differ == []


def test_the_report_is_promtool_s(directory: Path) -> None:
    (directory / "good.yml").write_text(PASSING["firing"])
    (directory / "wrong.yml").write_text(FAILING["another value"])
    out: list[str] = []
    err: list[str] = []
    paths = [directory / "good.yml", directory / "wrong.yml"]
    assert report_test_files(paths, out.append, err.append) == 1
    assert out == [f"Unit Testing:  {paths[0]}", "  SUCCESS", "", f"Unit Testing:  {paths[1]}", ""]
    assert err == [
        "  FAILED:",
        '    expr: "counter", time: 8m,\n        exp: counter 5.1E+01\n        got: counter 5E+01',
    ]
    assert report_test_files(paths[:1], out.append, err.append) == 0


def test_what_fired_and_what_should_have(directory: Path) -> None:
    (failure,) = run_test_file(write_case(directory, FAILING["another label"])).failures
    assert failure == (
        "    alertname: InstanceDown, time: 10m, \n"
        "        exp:[\n"
        "                0:\n"
        '                  Labels:{alertname="InstanceDown", instance="i1", job="a", severity="x"}\n'
        '                  Annotations:{summary="Instance i1 down", value="0 on c1"}\n'
        "            ], \n"
        "        got:[\n"
        "                0:\n"
        '                  Labels:{alertname="InstanceDown", instance="i1", job="a", severity="page"}\n'
        '                  Annotations:{summary="Instance i1 down", value="0 on c1"}\n'
        "            ]"
    )


def test_what_is_newer_than_promtool_2_42(directory: Path) -> None:
    text = FAILING["the last bit"]
    assert run_test_file(write_case(directory, "fuzzy_compare: true\n" + text)).failures == []
    moved = "- start_timestamp: 2024-01-01T00:00:00Z\n  interval: 1m"
    text = (
        PASSING["a scalar with empty labels"]
        .replace("- interval: 1m", moved)
        .replace("value: 300", "value: 1704067500")
    )
    assert run_test_file(write_case(directory, text)).failures == []
    bad = text.replace("2024-01-01T00:00:00Z", "yesterday")
    assert "is not a moment" in run_test_file(write_case(directory, bad)).failures[0]


def test_native_histograms_are_refused_with_a_sentence(directory: Path) -> None:
    text = PASSING["left out values"].replace("0+10x5", "{{sum:3}}")
    (failure,) = run_test_file(write_case(directory, text)).failures
    assert failure == 'series "counter": native histograms are not supported'


def test_a_huge_series_is_refused(directory: Path) -> None:
    text = PASSING["left out values"].replace("0+10x5", "0+10x99999999999")
    (failure,) = run_test_file(write_case(directory, text)).failures
    assert "more than 1000000 values" in failure


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (failure,) = run_test_file(tmp_path / "none.yml").failures
    assert failure == f"{tmp_path / 'none.yml'}: cannot be read: No such file or directory"
