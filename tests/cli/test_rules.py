"""`redis-vigil rules`."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from exporter.shipped import shipped_rules
from tests.cli.in_process import run_command
from tests.peers import require_program
from tests.rule_export.rule_files import PLAIN

SHIPPED = {path.name for path in shipped_rules()}


def test_lists_the_shipped_rules_without_a_configuration(tmp_path: Path) -> None:
    done = run_command(tmp_path, "rules")
    assert done.returncode == 0
    head, *lines = done.stdout.splitlines()
    assert head.split()[0] == "RULE"
    assert any(line.split()[0] == "RedisMemoryHigh" and "memory.yml" in line for line in lines)


def test_lists_rules_for_programs(tmp_path: Path) -> None:
    rows = json.loads(run_command(tmp_path, "rules", "--format", "json").stdout)
    row = next(one for one in rows if one["rule"] == "RedisMemoryHigh")
    assert (row["severity"], row["for_seconds"], row["file"]) == ("warning", 300, "memory.yml")
    csv = run_command(tmp_path, "rules", "--format", "csv").stdout.splitlines()
    assert len(csv) == len(rows) + 1


def test_writes_shipped_and_own_rules_and_replaces_what_it_has_written(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "ours.yml").write_text(PLAIN)
    config = tmp_path / "config.yml"
    config.write_text("rule_files: [shipped, 'own/*.yml']\n")
    done = run_command(tmp_path, "rules", "--config", "config.yml", "--output", "out")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert {path.name for path in (tmp_path / "out").iterdir()} == SHIPPED | {"ours.yml"}
    assert {Path(line).name for line in done.stdout.splitlines()} == SHIPPED | {"ours.yml"}

    (tmp_path / "out" / "mine.yml").write_text(PLAIN)
    config.write_text("rule_files: ['own/*.yml']\n")
    done = run_command(tmp_path, "rules", "--config", "config.yml", "--output", "out")
    assert done.returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"ours.yml", "mine.yml"}
    assert "memory.yml: removed, its rules are not in force any more" in done.stderr


def test_a_file_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "memory.yml").write_text("mine\n")
    done = run_command(tmp_path, "rules", "--output", ".")
    assert done.returncode == 2
    assert done.stderr == (
        "redis-vigil: memory.yml: exists already, and is left as it is; name another --output\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["memory.yml"]


def test_writes_and_prints_objects_for_kubernetes(tmp_path: Path) -> None:
    options = ("--kubernetes", "--namespace", "monitoring", "--label", "release=prometheus")
    done = run_command(tmp_path, "rules", *options)
    documents = list(yaml.safe_load_all(done.stdout))
    assert len(documents) == len(SHIPPED)
    assert {one["kind"] for one in documents} == {"PrometheusRule"}
    done = run_command(tmp_path, "rules", *options, "--output", "out")
    files = sorted((tmp_path / "out").iterdir())
    assert [yaml.safe_load(path.read_text()) for path in files] == documents


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--label", "a=b"), "--namespace and --label go with --kubernetes"),
        (("--kubernetes", "--label", "a"), '"a" is not a label of Kubernetes: write NAME=VALUE'),
        (("--kubernetes", "--label", "a b=c"), '"a b=c" is not a label of Kubernetes: write NAME=VALUE'),
        (("--kubernetes", "--namespace", "A_B"), '"A_B" is not the name of a namespace'),
    ],
)
def test_wrong_options_are_one_line(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    done = run_command(tmp_path, "rules", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_dry_run_prints_the_files_and_writes_none(tmp_path: Path) -> None:
    done = run_command(tmp_path, "rules", "--output", "out", "--dry-run")
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    assert "# memory.yml\n" in done.stdout


@pytest.mark.peers("promtool")
def test_the_written_files_pass_the_tests_of_the_shipped_ones(tmp_path: Path) -> None:
    run_command(tmp_path, "rules", "--output", "rules")
    (tests := tmp_path / "rules" / "tests").mkdir()
    for path in (shipped_rules()[0].parent / "tests").glob("*.yml"):
        (tests / path.name).write_text(path.read_text())
    promtool = require_program("promtool")
    done = subprocess.run(
        [promtool, "test", "rules", *sorted(tests.iterdir())], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
