"""`redis-vigil dashboards`."""

import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli import dashboards
from exporter.errors import VigilError
from tests.dashboards.boards import FILES

COMMITTED = {path.name: path.read_text(encoding="utf-8") for path in FILES}


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_writes_every_dashboard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dashboards.dashboards(tmp_path / "new" / "folder")
    assert written(tmp_path / "new" / "folder") == COMMITTED
    assert len(capsys.readouterr().out.splitlines()) == len(COMMITTED)


def test_says_what_to_install_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboards, "shipped", lambda name: tmp_path / "nothing")
    with pytest.raises(VigilError, match="install redis-vigil as a wheel"):
        dashboards.dashboards(tmp_path)


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "exporter", "dashboards", "--output", str(tmp_path / "file")],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot write dashboards" in done.stderr


def test_the_daemon_does_not_import_the_sdk_or_the_builder() -> None:
    code = (
        "import sys, exporter.cli.commands, exporter.app; "
        "sys.exit(any(name.startswith(('grafana', 'tools')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
