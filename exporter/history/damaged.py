"""Sets files aside that cannot be read, beside the others, under another name."""

import contextlib
from pathlib import Path
from typing import Final

MAX_FILES: Final = 10
"""How many are kept; of more the oldest go."""

SUFFIX: Final = ".damaged"
_PREFIX: Final = "history-"


def set_aside(path: Path) -> Path:
    """Rename a file of the history to `….damaged`; returns the new path. Raises `OSError`."""
    kept = path.with_name(path.name + SUFFIX)
    path.replace(kept)
    others = [one for one in path.parent.glob(f"{_PREFIX}*{SUFFIX}") if one != kept]
    others.sort(key=_changed_at)
    for one in others[: max(0, len(others) + 1 - MAX_FILES)]:
        with contextlib.suppress(OSError):
            one.unlink()
    return kept


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_ctime_ns
    except OSError:
        return 0
