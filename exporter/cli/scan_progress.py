"""Scan progress is kept in a file by `redis-vigil scan`."""

import hashlib
import os
from pathlib import Path

from exporter.errors import StateError
from exporter.model.target import Target


def state_directory() -> Path:
    """The user's directory for state: https://specifications.freedesktop.org/basedir-spec/latest/."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "redis-vigil"


class ProgressFile:
    """The file for one server; it holds names of keys, so only its owner may read it."""

    def __init__(self, target: Target, directory: Path | None = None) -> None:
        digest = hashlib.sha256(str(target.address).encode()).hexdigest()[:16]
        self.path = (directory or state_directory()) / f"scan-{digest}.json"

    def load(self) -> bytes | None:
        """Return the state that was saved last; None where there is none."""
        try:
            return self.path.read_bytes()
        except OSError:
            return None

    async def save(self, document: bytes) -> None:
        """Replace what was saved, all at once; raises `StateError`."""
        part = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.touch(mode=0o600)
            part.write_bytes(document)
            part.replace(self.path)
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror or error}") from error

    def remove(self) -> None:
        """The scan is done."""
        self.path.unlink(missing_ok=True)
