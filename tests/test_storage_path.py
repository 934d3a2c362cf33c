"""`run --storage.path`: where the state is kept when the configuration does not say it."""

from pathlib import Path

import pytest

from exporter.errors import ConfigError, UsageError
from exporter.reload import Source, load_plan

TARGETS = "targets: [{url: 'redis://localhost:6379'}]\n"


def storage_path(config: Path | None, given: Path | None) -> Path | None:
    return load_plan(Source(config, storage_path=given)).config.storage.path


def test_it_is_used_without_a_file_and_with_one_that_names_none(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(TARGETS)
    assert storage_path(None, tmp_path / "state") == tmp_path / "state"
    assert storage_path(tmp_path / "config.yml", tmp_path / "state") == tmp_path / "state"
    assert storage_path(tmp_path / "config.yml", None) is None


def test_the_configuration_goes_first(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(f"{TARGETS}storage: {{path: own}}\n")
    assert storage_path(tmp_path / "config.yml", tmp_path / "state") == tmp_path / "own"


def test_a_place_that_cannot_be_one_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"--storage\.path: .*file is not a directory"):
        storage_path(None, tmp_path / "file" / "state")


def test_a_file_that_cannot_even_be_looked_for_is_one_line(tmp_path: Path) -> None:
    # As in a directory that is closed to us, which nothing is to root.
    name = "n" * 300
    (tmp_path / "config.yml").write_text(f"targets: [{{url: 'redis://h', password_file: {name}}}]\n")
    with pytest.raises(ConfigError, match="cannot be read: file name too long"):
        load_plan(Source(tmp_path / "config.yml"))
