"""Positions: of each source the last row that a receiver has taken, kept over a restart."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from exporter.log import get_logger
from exporter.model.regular_file import read_file

FILE_NAME: Final = "remote_write.json"
_VERSION: Final = 1
_MAX_BYTES: Final = 256 << 20

_log = get_logger(__name__)


@dataclass(slots=True)
class Position:
    """The position of one receiver. Moments are in milliseconds since the epoch.

    `since_ms` is when it was noted; of a source that is not among `sources` nothing was sent until then.
    """

    since_ms: int
    sources: dict[str, int] = field(default_factory=dict)


class Positions:
    """The file with the positions of all receivers, by name."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    def load(self) -> dict[str, Position]:
        """Return what was saved; nothing, and one line in the log, where that cannot be read."""
        try:
            return _decode(json.loads(read_file(self._path, _MAX_BYTES)))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            _log.error(
                "how far remote write had got cannot be read, so it begins with the present",
                file=self._path,
                error=error,
            )
            return {}

    def save(self, positions: Mapping[str, Position]) -> None:
        """Replace what was saved. To be called in a thread; raises `OSError`."""
        content = {
            "version": _VERSION,
            "receivers": {
                name: {"since_ms": one.since_ms, "sources": one.sources} for name, one in positions.items()
            },
        }
        descriptor, name = tempfile.mkstemp(prefix=f".{FILE_NAME}-", dir=self._path.parent)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _decode(content: Any) -> dict[str, Position]:
    if content["version"] != _VERSION:
        raise ValueError(f"version {content['version']} is not known")
    return {
        str(name): Position(
            int(one["since_ms"]), {str(source): int(moment) for source, moment in one["sources"].items()}
        )
        for name, one in content["receivers"].items()
    }
