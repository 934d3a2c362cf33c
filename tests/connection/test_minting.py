"""Programs that print passwords, good and bad ones."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from exporter.connection.minting import mint
from exporter.errors import Reason, TargetError

# Enough for a program to start on a busy machine.
PLENTY = 60.0


def run(script: str, *arguments: str, deadline_seconds: float = PLENTY) -> str:
    command = (sys.executable, "-S", "-c", script, *arguments)
    return asyncio.run(mint(command, deadline_seconds)).reveal()


def failure(script: str, *arguments: str, deadline_seconds: float = PLENTY) -> str:
    with pytest.raises(TargetError) as caught:
        run(script, *arguments, deadline_seconds=deadline_seconds)
    assert caught.value.reason is Reason.AUTH
    return str(caught.value).removeprefix(f"password_command {Path(sys.executable).name} ")


def test_the_first_line_is_the_password() -> None:
    assert run("print('t0ken \\r\\nmore')") == "t0ken"
    assert run("import sys; print(sys.argv[1])", "$HOME; *") == "$HOME; *"


def test_it_gets_nothing_to_read_and_may_print_a_lot() -> None:
    script = (
        "import sys; print(repr(sys.stdin.read())); print('x' * 3_000_000); sys.stderr.write('y' * 3_000_000)"
    )
    assert run(script) == "''"


def test_how_it_failed_is_one_line_without_secrets() -> None:
    script = "import sys; print('t0ken'); sys.stderr.write('a\\nExpired: t0ken\\x07\\n\\n'); sys.exit(255)"
    assert failure(script, "--secret=s3cret") == "ended with status 255: Expired: <secret>?"
    assert failure("import os; os.kill(os.getpid(), 9)") == "was ended by signal 9"
    assert failure("pass") == "printed no password on the first line of its standard output"
    assert failure("import os; os.write(1, b'\\xff\\n')") == "printed what is not UTF-8 text"


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(TargetError, match=r"^password_command nosuch cannot be started: no such file"):
        asyncio.run(mint(("/opt/nosuch",)))


def test_what_hangs_is_ended_with_all_that_it_has_started(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    script = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"pathlib.Path({str(noted)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    assert failure(script, deadline_seconds=3.0) == "has not ended after 3 s"
    child = int(noted.read_text())
    deadline = time.monotonic() + PLENTY
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_left_running_does_not_hold_the_password_up() -> None:
    script = "import subprocess; print('t0ken', flush=True); subprocess.Popen(['sleep', '600'])"
    assert run(script) == "t0ken"


def _runs(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # Ended, and not yet waited for by whoever has inherited it.
    return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
