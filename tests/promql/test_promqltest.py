"""The reader and runner of scripts: that they find what is wrong, and leave out only what is out of scope."""

from pathlib import Path

import pytest

from tests.promql.promqltest import runner
from tests.promql.promqltest.runner import Report, run_file

LOAD = """
load 1m
  up{server="a"} 1 2 3
  up{server="b"} 4 _ stale
  mixed 1 {{schema:0 sum:1 count:1}}
  histogram {{schema:0 sum:1 count:1}}x2

"""
RIGHT = {
    "instant": 'eval instant at 1m up{server="a"}\n  up{server="a"} 2',
    "range": 'eval range from 0 to 2m step 1m up\n  up{server="a"} 1 2 3\n  up{server="b"} 4 4 _',
    "scalar": "eval instant at 0 1 + 1\n  2",
    "string": 'eval instant at 0 "a"\n  expect string `a`',
    "nothing": "eval instant at 0 nothing",
    "seconds": "eval instant at 60 time()\n  60",
    "compound time": "eval instant at 1m30s time()\n  90",
    "ordered": 'eval instant at 0 sort_desc(up)\n  expect ordered\n  up{server="b"} 4\n  up{server="a"} 1',
    "old ordered": 'eval_ordered instant at 0 sort_desc(up)\n  up{server="b"} 4\n  up{server="a"} 1',
    "failure": "eval instant at 0 up + on () up\n  expect fail",
    "old failure": 'eval_fail instant at 0 label_replace(up, "server", "x", "", "")',
    "warning without its place": "eval instant at 0 quantile(2, up)\n"
    "  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2\n  {} Inf",
    "message": "eval instant at 0 topk(NaN, up)\n  expect fail msg: Parameter value is NaN",
    "old message": "eval_fail instant at 0 topk(NaN, up)\n  expected_fail_message Parameter value is NaN",
    "old pattern": "eval_fail instant at 0 topk(NaN, up)\n  expected_fail_regexp value is .aN",
    "warning": "eval_warn instant at 0 quantile(2, up)\n  {} Inf",
    "no annotation": "eval instant at 0 sum(up)\n  expect no_warn\n  expect no_info\n  {} 5",
    "annotation": 'eval instant at 2m rate(up{server="a"}[2m])\n'
    "  expect info regex: might not be a counter.*\\(1:6\\)\n"
    '  {server="a"} 0.016666666666666666',
    "window": 'eval instant at 2m up{server="a"}[2m]\n'
    '  expect range vector from 1m to 2m step 1m\n  up{server="a"} 2 3',
    "a number hidden by a histogram": "eval range from 0 to 1m step 1m abs(mixed)\n  {} 1 _",
}
WRONG = {
    "value": ('eval instant at 1m up{server="a"}\n  up{server="a"} 2.1', "expected 2.1"),
    "missing": ('eval instant at 0 up{server="a"}\n  up{server="a"} 1\n  up{server="z"} 1', "missing"),
    "surplus": ('eval instant at 0 up\n  up{server="a"} 1', "unexpected"),
    "name": ('eval instant at 0 up{server="a"}\n  {server="a"} 1', "unexpected"),
    "order": ('eval instant at 0 up\n  expect ordered\n  up{server="b"} 4\n  up{server="a"} 1', "place 1"),
    "range value": ('eval range from 0 to 1m step 1m up{server="a"}\n  up{server="a"} 1 1', "expected 1.0"),
    "range points": ('eval range from 0 to 1m step 1m up{server="a"}\n  up{server="a"} 1 _', "expected"),
    "scalar": ("eval instant at 0 1 + 1\n  3", "expected 3.0"),
    "kind": ("eval instant at 0 vector(1)\n  1", "expected a scalar"),
    "string": ('eval instant at 0 "a"\n  expect string "b"', "expected string"),
    "no failure": ("eval instant at 0 up\n  expect fail", "expected an error"),
    "failure": ("eval instant at 0 up + on () up", "error: found duplicate"),
    "message": ("eval instant at 0 topk(NaN, up)\n  expect fail msg: other", "expected another error"),
    "no warning": ("eval_warn instant at 0 sum(up)\n  {} 5", "expected warn annotations"),
    "unexpected warning": (
        "eval instant at 0 quantile(2, up)\n  expect no_warn\n  {} Inf",
        "unexpected warn",
    ),
    "other warning": (
        "eval instant at 0 quantile(2, up)\n  expect warn msg: x\n  {} Inf",
        "no warn annotation",
    ),
    "command": ("evaluate at 0 up", "invalid eval command"),
    "series": ("load 1m\n  up{a=} 1", "parse error"),
    "no moment": ("eval instant  up\n  up 1", "is not a duration"),
}
OUT_OF_SCOPE = {
    "eval instant at 0 histogram_count(histogram)\n  {} 1": "native histograms selected",
    "eval instant at 0 sum(histogram)\n  {} {{schema:0 sum:1 count:1}}": "native histogram expected",
    "eval instant at 0 count(histogram)\n  {} 1": "native histograms selected",
    "eval instant at 0 changes(mixed[2m])\n  {} 0": "native histograms selected",
    "eval instant at 0 limitk by (server) (1, up)": "experimental: limitk",
    "eval instant at 0 up + fill(1) up": "experimental: fill",
    "eval instant at 0 rate(up[1m] anchored)": "experimental: anchored selectors",
    "eval instant at 0 rate(up[1m + 1m]) + step()": "experimental: step",
    "eval instant at 0 up offset (1m) + max_of(1, 2)": "experimental: max_of",
    "eval instant at 0 start()": "experimental: start",
    "load 1m\n  st@st -1s\n  st 1\n\neval instant at 0 st": "experimental: start timestamps",
    'load 1m\n  s{a="b c"}@st -1s\n  s{a="b c"} 1\n\neval instant at 0 s': "experimental: start timestamps",
    "load 1m\n  odd set(on, a=1)\n\neval instant at 0 odd": "samples of a kind not known selected",
    "eval instant at 0 up\n  up set(on, a=1)": "samples of a kind not known expected",
}
IN_SCOPE = (
    'eval instant at 0 {__name__="up", server=~"[0-9+*]+"}',
    'eval instant at 0 up @ start() offset -1m\n  up{server="a"} 2\n  up{server="b"} 4',
    "load 1m\n  fill 1\n\neval instant at 0 fill + on () fill\n  {} 2",
)


def run(tmp_path: Path, text: str) -> Report:
    path = tmp_path / "script.test"
    path.write_text(LOAD + text)
    report = Report()
    run_file(path, report)
    return report


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_what_is_right_passes(tmp_path: Path, text: str) -> None:
    report = run(tmp_path, text)
    assert (report.passed, report.failures, dict(report.left_out)) == (1, [], {})


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_fails_and_says_why(tmp_path: Path, text: str, message: str) -> None:
    report = run(tmp_path, text)
    assert report.passed == 0
    assert len(report.failures) == 1
    assert report.failures[0].startswith("script.test:8: " if "load" not in text else "script.test:")
    assert message in report.failures[0]


@pytest.mark.parametrize(("text", "kind"), OUT_OF_SCOPE.items())
def test_what_is_out_of_scope_is_counted(tmp_path: Path, text: str, kind: str) -> None:
    report = run(tmp_path, text)
    assert (report.passed, report.failures, dict(report.left_out)) == (0, [], {kind: 1})


@pytest.mark.parametrize("text", IN_SCOPE)
def test_what_only_looks_experimental_is_run(tmp_path: Path, text: str) -> None:
    report = run(tmp_path, text)
    assert (report.passed, report.failures) == (1, [])


def test_the_report_ends_with_the_totals(tmp_path: Path) -> None:
    report = run(
        tmp_path, "eval instant at 0 1\n  1\n\neval instant at 0 1\n  2\n\neval instant at 0 start()"
    )
    assert list(report.lines()) == [
        "script.test:11: 1: expected 2.0, got scalar 1.0",
        "out of scope:    1  experimental: start",
        "1 evals passed, 1 failed, 1 out of scope",
    ]


def test_clear_drops_all_data(tmp_path: Path) -> None:
    assert run(tmp_path, "clear\n\neval instant at 0 up").passed == 1


def test_comments_end_a_block(tmp_path: Path) -> None:
    report = run(tmp_path, "eval instant at 0 1\n# a comment\n  2")
    assert report.passed == 0 or report.failures


def test_a_crash_costs_one_eval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise TypeError("no such thing")

    monkeypatch.setattr(runner, "run_eval", crash)
    report = run(tmp_path, "eval instant at 0 1\n  1\n\neval instant at 0 start()")
    assert report.failures == ["script.test:8: 1: crash: TypeError: no such thing"]
    assert sum(report.left_out.values()) == 1
