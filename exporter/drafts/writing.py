"""Writes drafts to disk: all files or none, and never over one that is there."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from exporter.drafts.draft import Draft
from exporter.errors import UsageError

_READABLE: Final = 0o644
_PRIVATE: Final = 0o600


def write_draft(draft: Draft, directory: Path) -> Sequence[Path]:
    """Write all files of a draft and return their paths.

    Raises `UsageError` where one of them exists or cannot be written; then none has been.
    """
    paths = {name: directory / name for name in draft.files}
    require_none(paths.values())
    written: list[Path] = []
    try:
        for name, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_new(path, draft.files[name], _PRIVATE if name in draft.private else _READABLE)
            written.append(path)
    except OSError as error:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink()
        raise UsageError(f"{error.filename or directory}: cannot be written: {error.strerror}") from None
    return written


def require_none(paths: Iterable[Path]) -> None:
    """Raises `UsageError` where any of these exists."""
    # A link that leads nowhere is somebody's, too.
    if existing := [path for path in paths if os.path.lexists(path)]:
        names = ", ".join(map(str, existing))
        verb = "exists" if len(existing) == 1 else "exist"
        left = "is left as it is" if len(existing) == 1 else "are left as they are"
        raise UsageError(f"{names}: {verb} already, and {left}; name another --output")


def _write_new(path: Path, text: str, mode: int) -> None:
    with open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink()
            raise
