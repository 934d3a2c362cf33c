"""Servers listed in files."""

import asyncio
import glob
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exporter.config.discovery import FileSection
from exporter.config.document import Document
from exporter.discovery.base import Found, Template
from exporter.discovery.groups import Groups
from exporter.discovery.listing import MAX_BYTES, read_json
from exporter.errors import ConfigError, DiscoveryError, Reason


class FileSource:
    """Reads all files that match the patterns, JSON or YAML by their names.

    A file that cannot be read keeps the servers that it listed last. `refused` is what could not be taken the
    last time.
    """

    def __init__(self, section: FileSection) -> None:
        self.name = f"file {', '.join(section.files)}"
        self.interval_seconds = section.refresh_interval.seconds
        self.refused: Sequence[str] = ()
        self._patterns = section.files
        self._template = Template.of(section)
        self._files: dict[Path, _File] = {}
        self._reading: asyncio.Task[Sequence[Found]] | None = None

    async def find(self) -> Sequence[Found]:
        """The servers of all files; raises `DiscoveryError` where none of the files can be read."""
        if self._reading is not None and not self._reading.done():
            # A file system that hangs takes one thread, not one more each time.
            raise DiscoveryError("the files are still being read", Reason.TIMEOUT)
        self._reading = asyncio.create_task(asyncio.to_thread(self._read))
        return await asyncio.shield(self._reading)

    def _read(self) -> Sequence[Found]:
        paths = sorted({Path(path) for pattern in self._patterns for path in glob.glob(pattern)})
        self._files = {path: self._files.get(path) or _File(path, self._template) for path in paths}
        found: list[Found] = []
        refused: list[str] = []
        failures: list[DiscoveryError] = []
        for file in self._files.values():
            try:
                refused += [f"{file.path}: {text}" for text in file.read()]
            except DiscoveryError as error:
                failures.append(error)
            found += file.found
        if failures and len(failures) == len(paths):
            raise failures[0]
        self.refused = (*map(str, failures), *refused)
        return found


class _File:
    def __init__(self, path: Path, template: Template) -> None:
        self.path = path
        self.found: Sequence[Found] = ()
        self._groups = Groups(template)

    def read(self) -> Sequence[str]:
        """Read it again; what could not be taken of it. Raises `DiscoveryError`."""
        try:
            content = self._content()
        except DiscoveryError as error:
            raise DiscoveryError(f"{self.path}: {error}", error.reason) from None
        try:
            made = self._groups.read(self._data(content))
        except DiscoveryError as error:
            # The size tells another version with the same fault apart, which is said as well.
            where = f"{self.path} ({len(content):,} bytes)"
            raise DiscoveryError(f"{where}: {error}", error.reason) from None
        self.found = made.found
        return made.refused

    def _data(self, content: bytes) -> Any:
        if self.path.suffix == ".json":
            return read_json(content)
        try:
            return Document.parse(content.decode("utf-8-sig"), "", lenient=True).data or []
        except UnicodeDecodeError as error:
            raise DiscoveryError("is not UTF-8 text", Reason.PROTOCOL) from error
        except ConfigError as error:
            first = error.problems[0]
            raise DiscoveryError(f"line {first.line}: {first.message}", Reason.PROTOCOL) from error

    def _content(self) -> bytes:
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                # A pipe would be waited for without end.
                raise DiscoveryError("is not a regular file", Reason.UNREACHABLE)
            with self.path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise DiscoveryError(f"cannot be read: {error.strerror}", Reason.UNREACHABLE) from error
        if len(content) > MAX_BYTES:
            raise DiscoveryError(f"is larger than {MAX_BYTES >> 20} MiB", Reason.PROTOCOL)
        return content
