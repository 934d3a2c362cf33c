"""Rule files: the verdict is Prometheus', the message is ours."""

import subprocess
from pathlib import Path

import pytest

from exporter.errors import ConfigError
from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec, RecordSpec
from exporter.rules.schema import whole_number
from tests.peers import require_program
from tests.rules.verdicts import BAD, BAD_SINCE_3, GOOD, GOOD_SINCE_3
from tests.rules.world import read


def problems_of(text: str) -> list[str]:
    try:
        read(text)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("name", [*GOOD, *GOOD_SINCE_3])
def test_a_file_that_prometheus_accepts_loads(name: str) -> None:
    assert problems_of({**GOOD, **GOOD_SINCE_3}[name]) == []


@pytest.mark.parametrize("name", [*BAD, *BAD_SINCE_3])
def test_a_file_that_prometheus_refuses_does_not_load(name: str) -> None:
    problems = problems_of({**BAD, **BAD_SINCE_3}[name])
    assert problems
    assert all(problem.startswith("rules.yml:") for problem in problems)


@pytest.mark.peers("promtool")
def test_the_verdicts_are_promtool_s(tmp_path: Path) -> None:
    promtool = require_program("promtool")
    differ = []
    for name, text in {**GOOD, **BAD}.items():
        path = tmp_path / "rules.yml"
        path.write_text(text)
        done = subprocess.run([promtool, "check", "rules", path], capture_output=True, text=True, timeout=60)
        if (done.returncode == 0) != (name in GOOD):
            differ.append((name, done.stdout + done.stderr))
    assert differ == []


def test_all_problems_at_once_where_they_stand() -> None:
    text = """groups:
- name: one
  intervall: 1m
  rules:
  - alert: A
    expr: up ==
    labels: {__name__: x}
    annotations:
      summary: "{{ $labels.instance"
  - record: r
    expr: up
    for: 5x
    unknown: 1
- name: one
  limit: many
  rules:
  - record: x
    alert: y
"""
    assert problems_of(text) == [
        'rules.yml:3:3: groups[0].intervall: unknown key, did you mean "interval"?',
        "rules.yml:6:11: groups[0].rules[0].expr: could not parse expression: "
        "1:6: parse error: unexpected end of input",
        "rules.yml:7:14: groups[0].rules[0].labels.__name__: "
        '"__name__" is not allowed as the name of a label',
        "rules.yml:9:16: groups[0].rules[0].annotations.summary: __alert_A:1:1: unclosed action",
        "rules.yml:12:5: groups[0].rules[1].for: is not allowed on a recording rule",
        'rules.yml:12:10: groups[0].rules[1].for: "5x" is not a duration: write whole numbers with units '
        "y, w, d, h, m, s, ms, largest first, such as 15s or 1h30m",
        "rules.yml:13:5: groups[0].rules[1].unknown: unknown key",
        'rules.yml:14:9: groups[1].name: a group "one" stands in this file already',
        'rules.yml:15:10: groups[1].limit: must be a whole number, not "many"',
        'rules.yml:17:5: groups[1].rules[0].record: a rule has one of "alert" and "record", not both',
        "rules.yml:17:5: groups[1].rules[0].expr: a rule needs an expression",
    ]


def test_the_problems_of_all_files_come_together(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("x: 1\n")
    (tmp_path / "b.yml").write_text("groups: [{}]\n")
    with pytest.raises(ConfigError) as caught:
        load_rule_files([tmp_path / name for name in ("a.yml", "b.yml", "c.yml")])
    assert [problem.file for problem in caught.value.problems] == [
        str(tmp_path / name) for name in ("a.yml", "b.yml", "c.yml")
    ]


def test_what_is_read() -> None:
    file = read(
        """
groups:
- name: g
  interval: 1m30s
  query_offset: 10s
  limit: 3
  labels: {team: x, severity: low}
  rules:
  - alert: A
    expr: up == 0
    for: 5m
    keep_firing_for: 1h
    labels: {severity: high, value: "{{ $value }}"}
    annotations: {b: "2", a: "1"}
  - record: r
    expr: sum(up)
    labels: {severity: ""}
"""
    )
    (group,) = file.groups
    assert (group.key.file, group.key.name, str(group.key)) == ("rules.yml", "g", "rules.yml;g")
    assert (group.interval_ms, group.query_offset_ms, group.limit) == (90_000, 10_000, 3)
    alert, record = group.rules
    assert isinstance(alert, AlertSpec)
    assert (alert.name, alert.query, alert.position) == ("A", "up == 0", (10, 11))
    assert (alert.for_ms, alert.keep_firing_for_ms) == (300_000, 3_600_000)
    assert alert.label_texts == (("severity", "high"), ("team", "x"), ("value", "{{ $value }}"))
    assert alert.annotation_texts == (("a", "1"), ("b", "2"))
    assert isinstance(record, RecordSpec)
    assert record.label_texts == (("severity", ""), ("team", "x"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("+5", 5),
        ("-.5", 0),
        ("5.9", 5),
        ("1_0", 10),
        ("0b11", 3),
        ("0o17", 15),
        ("017", 15),
        ("09", 9),
        ("1e3", 1000),
    ],
)
def test_numbers_are_those_of_go(text: str, number: int) -> None:
    assert whole_number(text) == number
