"""`test rules`."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from exporter.cli import test_rules as rules_tool

_RULES = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]\n"
_TEST = """
rule_files: [rules.yml]
tests:
- interval: 1m
  input_series: [{series: up, values: "1 0"}]
  alert_rule_test: [{eval_time: %s, alertname: Down, exp_alerts: [{}]}]
"""


@pytest.fixture
def app() -> typer.Typer:
    """The group `test` with this command and another, as it has several."""
    group = typer.Typer()
    rules_tool.register(group)
    group.command("other")(lambda: None)
    return group


def test_passing_and_failing_files(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(_RULES)
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text(_TEST % "1m")
    bad.write_text(_TEST % "0m")
    passed = CliRunner().invoke(app, ["rules", str(good)])
    assert (passed.exit_code, passed.stdout) == (0, f"Unit Testing:  {good}\n  SUCCESS\n\n")
    failed = CliRunner().invoke(app, ["rules", str(good), str(bad)])
    assert failed.exit_code == 1
    assert failed.stdout.count("SUCCESS") == 1
    assert failed.stderr.startswith("  FAILED:\n    alertname: Down, time: 0s, \n")
