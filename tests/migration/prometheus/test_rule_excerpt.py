"""Rules are taken out of a file as it is written: comments, quotes and order stay."""

from pathlib import Path

import pytest

from exporter.migration.prometheus.rule_excerpt import excerpt
from exporter.rules.load import load_rule_files

INDENTED = """\
# Ours.
groups:
  - name: a
    rules:
      - alert: Keep1   # why
        expr: up == 0

      - alert: Drop1
        expr: |
          up == 1

          or up == 2
      # About the next.
      - record: keep:2
        expr: 'up'
        labels: {a: "b"}
    interval: 1m
  - name: b
    interval: 2m
    rules:
      - alert: Drop2
        expr: up
  # About c.
  - name: c
    rules:
      - alert: Drop3
        expr: up
      - alert: Keep3
        expr: up
      - alert: Drop4
        expr: up
    limit: 5
"""
UNINDENTED = """\
groups:
- rules:
  - expr: up == 0
    alert: Keep1
  - expr: up == 1
    alert: Drop1
  name: a
- name: b
  rules:
  - {alert: Drop2, expr: up}
"""


def leave_out(tmp_path: Path, text: str) -> str | None:
    """The file without the rules called Drop…"""
    path = tmp_path / "rules.yml"
    path.write_text(text)
    (rules,) = load_rule_files([path])
    dropped = {rule.position for group in rules.groups for rule in group.rules if "Drop" in rule.name}
    return excerpt(path, rules, dropped)


def test_lines_of_other_rules_stay_as_they_are(tmp_path: Path) -> None:
    text = leave_out(tmp_path, INDENTED)
    assert text is not None
    head, _, rest = text.partition("\n")
    assert head == f"# Out of {tmp_path / 'rules.yml'}: the rules that redis-vigil can evaluate."
    assert (
        rest
        == """\
# Ours.
groups:
  - name: a
    rules:
      - alert: Keep1   # why
        expr: up == 0

      - record: keep:2
        expr: 'up'
        labels: {a: "b"}
    interval: 1m
  - name: c
    rules:
      - alert: Keep3
        expr: up
    limit: 5
"""
    )


def test_lists_may_stand_below_their_keys(tmp_path: Path) -> None:
    text = leave_out(tmp_path, UNINDENTED)
    assert text is not None
    assert (
        text.partition("\n")[2]
        == """\
groups:
- rules:
  - expr: up == 0
    alert: Keep1
  name: a
"""
    )


@pytest.mark.parametrize(
    "text",
    [
        # Two rules in a line.
        "groups: [{name: a, rules: [{alert: Keep, expr: up}, {alert: Drop, expr: up}]}]\n",
        # What is dropped holds the anchor that another refers to.
        "groups:\n- name: a\n  rules:\n  - {alert: Drop, expr: up, labels: &l {a: b}}\n"
        "  - {alert: Keep, expr: up, labels: *l}\n",
    ],
)
def test_a_file_that_cannot_be_cut_line_by_line_is_left_alone(text: str, tmp_path: Path) -> None:
    assert leave_out(tmp_path, text) is None
