"""Programs that print a password: tokens of managed servers, vaults."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from exporter.errors import Reason, TargetError
from exporter.model.printable import printable
from exporter.model.secret import Secret

DEADLINE_SECONDS: Final = 10.0
_MAX_OUTPUT_BYTES: Final = 64 << 10
_MAX_COMPLAINT: Final = 200
_CLOSE_SECONDS: Final = 0.5


async def mint(command: Sequence[str], deadline_seconds: float = DEADLINE_SECONDS) -> Secret:
    """The first line that a program prints. It is started without a shell, and gets nothing to read.

    Raises `TargetError` (authentication) with one line: how it ended, and the last line of what it complained
    of. Its arguments and its output are never shown.
    """
    try:
        transport, printed = await asyncio.get_running_loop().subprocess_exec(
            _Printed,
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            # A group of its own, so that what it starts ends with it.
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", "") or str(error)).lower()
        raise _failure(command, f"cannot be started: {reason}") from error
    try:
        async with asyncio.timeout(deadline_seconds):
            await printed.exited.wait()
    except TimeoutError:
        raise _failure(command, f"has not ended after {deadline_seconds:g} s") from None
    finally:
        _end_group(transport.get_pid())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await printed.closed.wait()
        transport.close()
    return _password(command, transport.get_returncode() or 0, printed.output, printed.complaint)


class _Printed(asyncio.SubprocessProtocol):
    """Keeps the beginning of what a program prints; reads on, since a full pipe would hold it up."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        # The program has ended, and nobody else holds its output open.
        self.closed = asyncio.Event()
        self._kept = {1: b"", 2: b""}

    @property
    def output(self) -> bytes:
        """Its standard output."""
        return self._kept[1]

    @property
    def complaint(self) -> bytes:
        """Its standard error."""
        return self._kept[2]

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It has printed something."""
        self._kept[fd] += data[: _MAX_OUTPUT_BYTES - len(self._kept[fd])]

    def process_exited(self) -> None:
        """It has ended."""
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, and all is read."""
        self.closed.set()


def _end_group(process_id: int) -> None:
    """Nothing of it goes on, also where it has left others behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process_id, signal.SIGKILL)


def _password(command: Sequence[str], status: int, output: bytes, complaint: bytes) -> Secret:
    if status:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        last = _last_line(complaint, output)
        raise _failure(command, f"{how}: {last}" if last else how)
    lines = output.splitlines()
    try:
        text = lines[0].decode().strip() if lines else ""
    except UnicodeDecodeError:
        raise _failure(command, "printed what is not UTF-8 text") from None
    if not text:
        raise _failure(command, "printed no password on the first line of its standard output")
    return Secret(text)


def _last_line(complaint: bytes, output: bytes) -> str:
    """Return the last line, which mostly says what is wrong, without what was printed as a password."""
    lines = [line.strip() for line in complaint.decode("utf-8", "replace").splitlines() if line.strip()]
    last = printable(lines[-1]) if lines else ""
    for word in output.decode("utf-8", "replace").split():
        last = last.replace(word, "<secret>") if len(word) > 3 else last
    return last[:_MAX_COMPLAINT]


def _failure(command: Sequence[str], what: str) -> TargetError:
    return TargetError(Reason.AUTH, f"password_command {PurePath(command[0]).name} {what}")
