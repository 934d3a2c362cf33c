"""`redis-vigil migrate prometheus`, `telegraf`, `datadog` and `netdata` as people call them."""

import shutil
import stat
from pathlib import Path

import pytest

from tests.cli.in_process import run_command
from tests.migration.golden_cases import CASES

FILES = {
    "prometheus": "prometheus.yml",
    "telegraf": "telegraf.conf",
    "datadog": "conf.yaml",
    "netdata": "redis.conf",
}


def copy_case(program: str, case: str, directory: Path) -> str:
    """Put the input of a case into a directory; the name of the file."""
    shutil.copytree(CASES / program / case / "in", directory, dirs_exist_ok=True)
    return FILES[program]


@pytest.mark.parametrize(
    ("program", "case"),
    [("prometheus", "company"), ("telegraf", "fleet"), ("datadog", "fleet"), ("netdata", "fleet")],
)
def test_what_is_written_passes_the_check(program: str, case: str, tmp_path: Path) -> None:
    name = copy_case(program, case, tmp_path)
    done = run_command(tmp_path, "migrate", program, name, "--output", "vigil")
    assert (done.returncode, done.stderr) == (0, "")
    assert "redis-vigil check config vigil/config.yml" in done.stdout
    check = run_command(tmp_path, "check", "config", "vigil/config.yml")
    assert check.returncode == 0, check.stderr
    for path in (tmp_path / "vigil/secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("program", "case", "secrets"),
    [
        ("prometheus", "company", ("p%40ss%2Fword", "p@ss/word", "mimir-pa55", "X-Scope-OrgID: shop")),
        ("prometheus", "discovery", ("inv-pa55",)),
        ("telegraf", "fleet", ("pa55-a", "pa55-b", "s3cret-x")),
        ("datadog", "fleet", ("dd-pa55",)),
        ("netdata", "fleet", ("nd-pa55",)),
    ],
)
def test_a_dry_run_writes_nothing_and_shows_no_secret(
    program: str, case: str, secrets: tuple[str, ...], tmp_path: Path
) -> None:
    name = copy_case(program, case, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    exporter = ["--exporter", "redis-exporter:9121=redis://node-1:7000"] if case == "discovery" else []
    done = run_command(tmp_path, "migrate", program, name, *exporter, "--dry-run")
    assert done.returncode == 0
    assert "# ---- config.yml" in done.stdout
    assert "url" in done.stdout
    assert "<hidden>" in done.stdout
    assert [secret for secret in secrets if secret in done.stdout + done.stderr] == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("program", FILES)
def test_a_file_that_is_not_there_is_said_in_one_line(program: str, tmp_path: Path) -> None:
    done = run_command(tmp_path, "migrate", program, "gone.conf")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "gone.conf: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("program", FILES)
def test_nothing_is_written_over_what_is_there(program: str, tmp_path: Path) -> None:
    name = copy_case(program, "company" if program == "prometheus" else "fleet", tmp_path)
    output = tmp_path / "vigil"
    output.mkdir()
    (output / "config.yml").write_text("mine")
    done = run_command(tmp_path, "migrate", program, name, "--output", "vigil")
    assert done.returncode == 2
    assert "vigil/config.yml: exists already" in done.stderr
    assert [path.name for path in output.iterdir()] == ["config.yml"]
    assert (output / "config.yml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--exporter", "cache-1"), 2, "--exporter must be an address and a URL"),
        (("--exporter", "cache-1:9121=http://x"), 2, "--exporter cache-1:9121: the server's URL must begin"),
        (("--exporter", "nobody:9121=redis://x"), 2, "no job of this file that is taken asks it"),
        (("--job", "rediss"), 2, "--job rediss: prometheus.yml has no such job, there are"),
        (("--alertmanager", "prometheus.yml"), 1, "prometheus.yml:"),
        (("--alertmanager", "gone.yml"), 1, "gone.yml: cannot be read"),
    ],
)
def test_wrong_choices_are_said(
    arguments: tuple[str, ...], status: int, message: str, tmp_path: Path
) -> None:
    name = copy_case("prometheus", "company", tmp_path)
    done = run_command(tmp_path, "migrate", "prometheus", name, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert not (tmp_path / "config.yml").exists()


@pytest.mark.parametrize("program", ["datadog", "netdata", "prometheus", "telegraf"])
def test_a_directory_is_answered_with_what_is_in_it(program: str, tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "redis.conf").write_text("")
    done = run_command(tmp_path, "migrate", program, "conf.d")
    assert done.returncode == 2
    assert done.stderr == "redis-vigil: conf.d: is a directory: name the file in it (redis.conf)\n"


def test_yaml_is_no_telegraf_conf(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("image: redis\n")
    done = run_command(tmp_path, "migrate", "telegraf", "values.yaml")
    assert done.returncode == 1
    assert done.stderr.endswith(": is it a telegraf.conf?\n")
