"""The command without a process of its own: starting Python and importing everything takes seconds."""

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock

from exporter.cli import main


@dataclass(frozen=True, slots=True)
class Done:
    """What a command has printed, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


def run_command(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Done:
    """Run the command in a folder, into a pipe."""
    out, err = StringIO(), StringIO()
    with ExitStack() as stack:
        stack.enter_context(chdir(folder))
        stack.enter_context(mock.patch.object(sys, "argv", ["redis-vigil", *arguments]))
        stack.enter_context(mock.patch.dict(os.environ, environment or {}))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        stack.callback(_put_back, logging.root.level, list(logging.root.handlers))
        try:
            main()
            status = 0
        except SystemExit as exit_:
            status = exit_.code if isinstance(exit_.code, int) else 0 if exit_.code is None else 1
    return Done(status, out.getvalue(), err.getvalue())


def _put_back(level: int, handlers: list[logging.Handler]) -> None:
    """A command sets up logging for itself, and pytest has its own."""
    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers
    logging.getLogger("exporter").setLevel(logging.NOTSET)
