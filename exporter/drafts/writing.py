"""Writes drafts to disk: all files or none, and never over one that is there."""

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from exporter.drafts.draft import Draft
from exporter.errors import UsageError

_READABLE: Final = 0o644
_PRIVATE: Final = 0o600


def write_draft(draft: Draft, directory: Path, *, marker: str = "") -> Sequence[Path]:
    """Write all files of a draft and return their paths.

    Raises `UsageError` where one of them exists or cannot be written; then none has been. With a `marker`
    files that begin with it are replaced: the command has written them itself.
    """
    paths = {name: directory / name for name in draft.files}
    own = [path for path in paths.values() if marker and begins_with(path, marker)]
    require_none(path for path in paths.values() if path not in own)
    if own:
        return _replace(draft, paths)
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


def begins_with(path: Path, marker: str) -> bool:
    """Whether a path is a file, not a link to one, of which the first line is this marker."""
    try:
        with path.open("rb") as file:
            return not path.is_symlink() and file.readline().rstrip() == marker.encode()
    except OSError:
        return False


def _replace(draft: Draft, paths: Mapping[str, Path]) -> Sequence[Path]:
    """Write files in the place of those that are there, when all new texts are on disk."""
    new: dict[Path, Path] = {}
    try:
        for name, path in paths.items():
            beside = path.with_name(f".{path.name}.{os.getpid()}.new")
            _write_new(beside, draft.files[name], _PRIVATE if name in draft.private else _READABLE)
            new[path] = beside
        for path, beside in new.items():
            beside.replace(path)
    except OSError as error:
        for beside in new.values():
            with contextlib.suppress(OSError):
                beside.unlink()
        raise UsageError(f"{error.filename}: cannot be written: {error.strerror}") from None
    return list(new)


def _write_new(path: Path, text: str, mode: int) -> None:
    with open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink()
            raise
