"""One directory, one daemon."""

import errno
import fcntl
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.state.lock import DirectoryInUseError, DirectoryLock

HOLD = """
import sys, time
from pathlib import Path
from exporter.state.lock import DirectoryLock
DirectoryLock(Path(sys.argv[1]), "the first, listening on 127.0.0.1:9121").wait()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Another process that has the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_is_told_who_has_the_directory(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    lock = DirectoryLock(tmp_path, "the second")
    with pytest.raises(DirectoryInUseError) as caught:
        lock.wait(0.1)
    text = str(caught.value)
    who = "(the first, listening on 127.0.0.1:9121)"
    assert text.startswith(f"{tmp_path} is used by another redis-vigil {who}")
    assert "\n" not in text


def test_a_process_that_is_killed_has_no_lock(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    # It need not be gone yet.
    lock = DirectoryLock(tmp_path, "the second")
    lock.wait(20)
    assert (tmp_path / "lock").read_text() == "the second\n"
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    lock.release()


def test_a_lock_that_is_deleted_is_taken_again(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path, "the first")
    lock.wait()
    (tmp_path / "lock").unlink()
    lock.hold()
    with pytest.raises(DirectoryInUseError):
        DirectoryLock(tmp_path, "the second").wait(0)
    lock.release()
    DirectoryLock(tmp_path, "the third").wait(0)


def test_who_comes_in_between_keeps_the_directory(tmp_path: Path) -> None:
    lock, other = DirectoryLock(tmp_path, "the first"), DirectoryLock(tmp_path, "the second")
    lock.wait()
    (tmp_path / "lock").unlink()
    other.wait(0)
    with pytest.raises(DirectoryInUseError, match="the second"):
        lock.hold()
    other.release()
    lock.hold()
    lock.release()


@pytest.mark.parametrize("text", ["", "\x1b]0;title\x07", "x" * 5_000, "\ud800"])
def test_what_stands_in_the_file_is_not_relied_on(tmp_path: Path, text: str) -> None:
    lock = DirectoryLock(tmp_path, "somebody")
    lock.wait()
    (tmp_path / "lock").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(DirectoryInUseError) as caught:
        DirectoryLock(tmp_path, "the second").wait(0)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600
    lock.release()


def test_a_file_system_without_locks_does_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    lock = DirectoryLock(tmp_path, "the first")
    lock.wait()
    (tmp_path / "lock").unlink()
    lock.hold()
    assert [one.message for one in caplog.records] == [
        "the file system of storage.path has no locks: a second daemon on it will not be noticed"
    ]
