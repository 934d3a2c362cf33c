import os
import socket
import threading
from pathlib import Path

import pytest

from exporter.model import regular_file
from exporter.model.regular_file import is_named_pipe, is_special, quarantine, read_file


def test_a_file_is_read_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100_000)
    assert read_file(path, 200_000) == b"x" * 100_000
    assert read_file(path, 70_000) == b"x" * 70_000


def test_what_a_pipe_is_given_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"y" * 200_000,))
    writer.start()
    try:
        assert read_file(path, 1_000_000) == b"y" * 200_000
    finally:
        writer.join()


def test_a_pipe_that_nobody_writes_to_is_waited_for_a_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regular_file, "_PATIENCE_SECONDS", 0.01)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(TimeoutError, match="nobody writes to it"):
        read_file(path, 100)


def test_a_directory_and_what_is_not_there_are_errors(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path, 100)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none", 100)


def test_pipes_sockets_and_devices_are_no_files(tmp_path: Path) -> None:
    pipe, link, listening = tmp_path / "pipe", tmp_path / "link", tmp_path / "socket"
    os.mkfifo(pipe)
    link.symlink_to("/dev/full")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(listening))
        (tmp_path / "file").touch()
        names = ("pipe", "link", "socket", "file", "none", ".")
        assert [is_special(tmp_path / name) for name in names] == [True, True, True, False, False, False]
        assert [is_named_pipe(tmp_path / name) for name in names] == [True, False, False, False, False, False]
    assert quarantine(pipe) == tmp_path / "pipe.no_file"
    assert not pipe.exists()


def test_a_pipe_that_a_shell_has_opened_is_read(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, b"secret")
        os.close(writing)
        path = Path(f"/dev/fd/{reading}")
        assert is_special(path)
        assert not is_named_pipe(path)
        assert read_file(path, 100) == b"secret"
    finally:
        os.close(reading)
