"""Events of the daemon itself: its starts, ends and reloads, and which of its files changed."""

import asyncio
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final

import exporter
from exporter.events import EventKind, EventRecorder, FieldValue
from exporter.reload import Plan

_FILES: Final = "files"
_RUNNING: Final = "running"
_MOST_BYTES: Final = 16 << 20


class DaemonEvents:
    """Records what becomes of one daemon."""

    def __init__(self, events: EventRecorder) -> None:
        self._events = events

    async def started(self, plan: Plan) -> None:
        """The daemon runs. `ended_cleanly`: whether the one before did; None where there was none."""
        before = self._events.known(_RUNNING)
        self._events.remember(_RUNNING, True)
        fields: dict[str, FieldValue] = {
            "state": "started",
            "version": exporter.__version__,
            "targets": len(plan.targets),
            "ended_cleanly": None if before is None else not before,
        }
        self._events.record(EventKind.DAEMON, {**fields, **await self._compare_files(plan)})

    async def reloaded(self, plan: Plan) -> None:
        """The files in force are those of a plan."""
        changed = await self._compare_files(plan)
        fields = {"outcome": "succeeded", "targets": len(plan.targets), **changed}
        self._events.record(EventKind.RELOAD, fields)

    def refused(self, error: Exception) -> None:
        """A reload was refused."""
        self._events.record(EventKind.RELOAD, {"outcome": "failed", "error": str(error)})

    def stopping(self) -> None:
        """The daemon is about to end."""
        self._events.remember(_RUNNING, False)
        self._events.record(EventKind.DAEMON, {"state": "stopping", "version": exporter.__version__})

    async def _compare_files(self, plan: Plan) -> dict[str, FieldValue]:
        """Return which files changed, are new and gone since the last time."""
        now = await asyncio.to_thread(_digests, plan)
        known: Mapping[str, str] | None = self._events.known(_FILES)
        if now != known:
            self._events.remember(_FILES, now)
        if known is None:
            return {}
        changed = sorted(path for path in now.keys() & known.keys() if now[path] != known[path])
        return {
            "files_changed": changed,
            "files_new": sorted(now.keys() - known.keys()),
            "files_gone": sorted(known.keys() - now.keys()),
        }


def _digests(plan: Plan) -> dict[str, str]:
    """The digests of the files of a plan by path."""
    config = plan.config
    named = [plan.file, config.alerting.config_file, config.web.config_file]
    paths = [*(path for path in named if path is not None), *(Path(file.path) for file in plan.rule_files)]
    return {str(path): _digest(path) for path in paths}


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return blake2b(file.read(_MOST_BYTES), digest_size=8).hexdigest()
    except OSError:
        return ""
