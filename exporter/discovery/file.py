"""Servers listed in files."""

import asyncio
import glob
from collections.abc import Sequence
from pathlib import Path

import yaml

from exporter.config.discovery import FileSection
from exporter.discovery.base import Found, Template
from exporter.discovery.groups import read_groups
from exporter.errors import DiscoveryError, Reason

_MAX_BYTES = 8 << 20


class FileSource:
    """Reads all files that match the patterns; JSON is a part of YAML."""

    def __init__(self, section: FileSection) -> None:
        self.name = f"file {', '.join(section.files)}"
        self.interval_seconds = section.refresh_interval.seconds
        self._patterns = section.files
        self._template = Template.of(section)

    async def find(self) -> Sequence[Found]:
        """The servers of all files; one bad file is an error, so that its servers are not forgotten."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Sequence[Found]:
        paths = sorted({path for pattern in self._patterns for path in glob.glob(pattern)})
        return [found for path in paths for found in self._read_file(Path(path))]

    def _read_file(self, path: Path) -> Sequence[Found]:
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise DiscoveryError(f"{path}: is larger than {_MAX_BYTES >> 20} MiB", Reason.PROTOCOL)
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DiscoveryError(f"{path}: cannot be read: {error.strerror}", Reason.UNREACHABLE) from error
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise DiscoveryError(f"{path}: is neither JSON nor YAML", Reason.PROTOCOL) from error
        try:
            return read_groups(data or [], self._template)
        except DiscoveryError as error:
            raise DiscoveryError(f"{path}: {error}", error.reason) from None
