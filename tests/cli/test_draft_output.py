"""What commands say that write files for users."""

from pathlib import Path

import pytest

from exporter.cli.draft_output import deliver
from exporter.drafts import Draft
from exporter.errors import UsageError

DRAFT = Draft(
    {"config.yml": "a: 1\n", "secrets/redis": "hunter2\n"},
    private=frozenset({"secrets/redis"}),
    found=("one server",),
    differs=("the port is another one",),
)


def test_what_was_found_what_was_written_and_what_is_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(DRAFT, tmp_path, dry_run=False, next_steps=["run it"])
    assert capsys.readouterr().out == (
        "one server\n"
        "\nTo know:\n  the port is another one\n"
        f"\nWritten:\n  {tmp_path}/config.yml\n  {tmp_path}/secrets/redis (readable by you only)\n"
        "\nNext:\n  run it\n"
    )
    with pytest.raises(UsageError, match="exist already, and are left as they are"):
        deliver(DRAFT, tmp_path, dry_run=False)
    assert capsys.readouterr().out == ""


def test_a_dry_run_prints_the_files_without_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(DRAFT, tmp_path, dry_run=True, next_steps=["run it"])
    out, err = capsys.readouterr()
    assert out == "# ---- config.yml\na: 1\n\n# ---- secrets/redis\n<hidden>\n"
    assert err == "one server\n\nTo know:\n  the port is another one\n"
    assert list(tmp_path.iterdir()) == []
