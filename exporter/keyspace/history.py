"""The history keeps what a pass leaves to the next one, or, under way, to the next process."""

import json
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from exporter.keyspace.report import PassReport

# The format of what is saved; something else is as good as nothing.
_FORMAT: Final = 1


class KeyspaceRecords(Protocol):
    """Where results and progress survive a restart. Raises `StateError` where that is not possible."""

    async def load(self, instance: str) -> tuple[bytes | None, bytes | None]:
        """The last history and the last progress of a server, if any."""
        ...

    async def save_history(self, instance: str, history: bytes) -> None:
        """Keep the outcome of a finished pass; its progress is over."""
        ...

    async def save_progress(self, instance: str, progress: bytes) -> None:
        """Keep how far the pass under way has come."""
        ...


class NoRecords:
    """Keeps nothing over a restart."""

    async def load(self, instance: str) -> tuple[bytes | None, bytes | None]:
        """See `KeyspaceRecords`: there is nothing."""
        return None, None

    async def save_history(self, instance: str, history: bytes) -> None:
        """See `KeyspaceRecords`: drop it."""

    async def save_progress(self, instance: str, progress: bytes) -> None:
        """See `KeyspaceRecords`: drop it."""


@dataclass(slots=True)
class TrackedKey:
    """A big key, to see whether it grows: `growing` passes in a row it has."""

    kind: str
    memory: int | None
    length: int | None
    growing: int = 0


@dataclass(slots=True)
class History:
    """The last finished pass: its report, where ids stand in names (by database), and the biggest keys."""

    report: PassReport
    templates: dict[int, Any] = field(default_factory=dict)
    tracked: dict[int, dict[bytes, TrackedKey]] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """For `from_json`."""
        document = {
            "format": _FORMAT,
            "report": json.loads(self.report.to_json()),
            "skeletons": {str(database): template for database, template in self.templates.items()},
            "tracked": {
                str(database): [
                    [name.decode("latin-1"), key.kind, key.memory, key.length, key.growing]
                    for name, key in keys.items()
                ]
                for database, keys in self.tracked.items()
            },
        }
        return json.dumps(document).encode()

    @classmethod
    def from_json(cls, document: bytes) -> "History":
        """Raises `ValueError` where this is not what `to_json` has returned."""
        try:
            saved = json.loads(document)
            if saved["format"] != _FORMAT:
                raise ValueError(f"saved in format {saved['format']}")
            return cls(
                PassReport.from_json(json.dumps(saved["report"]).encode()),
                {int(database): template for database, template in saved["skeletons"].items()},
                {
                    int(database): {
                        name.encode("latin-1"): TrackedKey(kind, memory, length, growing)
                        for name, kind, memory, length, growing in keys
                    }
                    for database, keys in saved["tracked"].items()
                },
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a saved history: {error!r}") from error


def follow(
    current: dict[bytes, TrackedKey], before: dict[bytes, TrackedKey], limit: int = 500
) -> dict[bytes, TrackedKey]:
    """Note which of the biggest keys have grown since the pass before; at most `limit` are tracked."""
    for name, key in current.items():
        old = before.get(name)
        if old is None or old.kind != key.kind:
            continue
        if key.length is not None and old.length is not None:
            grown = key.length > old.length
        else:
            grown = (key.memory or 0) > (old.memory or 0) > 0
        key.growing = old.growing + 1 if grown else 0
    return dict(list(current.items())[:limit])
