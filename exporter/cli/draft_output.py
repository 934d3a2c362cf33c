"""Prints drafts and writes them, in the same way for all commands that make files for users."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import typer

from exporter.cli.output import say
from exporter.drafts import Draft, write_draft
from exporter.model.printable import printable_lines

HIDDEN: Final = "<hidden>"


def deliver(draft: Draft, directory: Path, *, dry_run: bool, next_steps: Sequence[str] = ()) -> None:
    """Say what was found and what differs; write the files, or print them for a dry run.

    `next_steps` are what to do with them, one line each. Of a dry run only the files are on standard output.

    Raises `UsageError` where a file is there already; then nothing has been written.
    """
    paths = () if dry_run else write_draft(draft, directory)
    tell = _on_stderr if dry_run else say
    for text in draft.found:
        tell(text)
    _tell_list("To know:", draft.differs, tell)
    if dry_run:
        _print_files(draft)
        return
    names = zip(draft.files, paths, strict=True)
    lines = [f"{path}{' (readable by you only)' if name in draft.private else ''}" for name, path in names]
    _tell_list("Written:", lines, tell)
    _tell_list("Next:", next_steps, tell)


def _on_stderr(text: str) -> None:
    say(text, err=True)


def _tell_list(title: str, lines: Iterable[str], tell: Callable[[str], None]) -> None:
    if lines := list(lines):
        tell(f"\n{title}")
        for line in lines:
            tell(f"  {line}")


def _print_files(draft: Draft) -> None:
    """All files, each below its name as a comment; secrets are not shown."""
    for number, (name, text) in enumerate(draft.files.items()):
        head = "\n" if number else ""
        shown = draft.redacted.get(name, f"{HIDDEN}\n") if name in draft.private else text
        typer.echo(printable_lines(f"{head}# ---- {name}\n{shown}"), nl=False)
