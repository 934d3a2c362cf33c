"""Rules as the owners of five platforms would write them: each can be said, and fires."""

import subprocess
from pathlib import Path

import pytest
import yaml

from exporter.rules.check import catalogue_of, check_rule_files
from exporter.rules.load import load_rule_files
from exporter.rules.unit_tests import run_test_file
from exporter.samplers.registry import declared_families
from exporter.shipped import shipped_rules
from tests.peers import require_program

FOLDER = Path(__file__).parent / "platforms"
TESTS = sorted(FOLDER.glob("*_test.yml"))
RULES = [path.with_name(path.name.replace("_test", "")) for path in TESTS]

each_platform = pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)


@each_platform
def test_every_threshold_is_told_when_it_is_crossed(path: Path) -> None:
    assert list(run_test_file(path).failures) == []
    cases = [case for test in yaml.safe_load(path.read_text())["tests"] for case in test["alert_rule_test"]]
    (file,) = load_rule_files([path.with_name(path.name.replace("_test", ""))])
    names = {rule.name for group in file.groups for rule in group.rules}
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == names


def test_nothing_in_them_is_unknown_here() -> None:
    files = load_rule_files([*shipped_rules(), *RULES])
    report = check_rule_files(
        files, catalogue_of(declared_families()), own_prefixes=("redis_vigil_", "alert")
    )
    mine = [problem for problem in report.unknown_metrics if str(FOLDER) in str(problem)]
    assert [str(problem) for problem in mine] == []


@pytest.mark.peers("promtool")
def test_promtool_says_the_same() -> None:
    promtool = require_program("promtool")
    for command, paths in (("check", RULES), ("test", TESTS)):
        done = subprocess.run(
            [promtool, command, "rules", *paths], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
