"""Writes an export to a file or to standard output, for `redis-vigil export`."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory

from exporter.cli.daemon_access import DaemonAccess
from exporter.cli.output import say
from exporter.config.main import load_config
from exporter.errors import QueryError, StateError, UsageError
from exporter.history.read_only import ReadOnlyBlocks
from exporter.log import configure_logging
from exporter.model.counts import count_of
from exporter.model.duration import InvalidDurationError, parse_duration
from exporter.promql.numbers import parse_float
from exporter.remote.export.from_blocks import BlocksSource
from exporter.remote.export.from_daemon import DaemonSource
from exporter.remote.export.model import ExportSource, Selectors, Span
from exporter.remote.export.run import export
from exporter.web.api_v1.parameters import read_selector


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported, as the command line has it."""

    since: str
    until: str
    selectors: Sequence[str]

    def span(self, now: float) -> Span:
        """From when to when. Raises `UsageError`."""
        start, end = (
            _moment_ms(option, now) for option in (("--since", self.since), ("--until", self.until))
        )
        if start >= end:
            raise UsageError("--since must lie before --until")
        return Span(start, end)

    def matchers(self) -> Selectors:
        """The selectors. Raises `UsageError`."""
        try:
            return [read_selector(text) for text in self.selectors]
        except QueryError as error:
            raise UsageError(f"--match: {error}") from None


@dataclass(frozen=True, slots=True)
class Place:
    """Where samples are read: from a daemon, from its directory, or from that of a configuration."""

    daemon: DaemonAccess
    path: Path | None = None
    config: Path | None = None

    @contextmanager
    def open(self, span: Span, selectors: Selectors) -> Iterator[ExportSource]:
        """The samples there. Raises `UsageError`, `ConfigError`, `StateError`."""
        if sum(one is not None for one in (self.daemon.url, self.path, self.config)) != 1:
            raise UsageError(
                "name one place to read from: --url of a running daemon, --path of its directory, or --config"
            )
        directory = _storage_of(self.config) if self.config is not None else self.path
        if directory is None:
            with self.daemon.client() as client:
                yield DaemonSource(client, span, selectors)
            return
        with TemporaryDirectory(prefix="redis-vigil-export-") as scratch:
            blocks = _blocks_of(directory, Path(scratch))
            yield BlocksSource(blocks, span, selectors)
            for problem in blocks.problems:
                say(f"redis-vigil: left out: {problem}", err=True)


def _storage_of(config: Path) -> Path:
    path = load_config(config).storage.path
    if path is None:
        raise UsageError(f"{config} has no storage.path: samples are in the daemon's memory, use --url")
    return path


def _blocks_of(directory: Path, scratch: Path) -> ReadOnlyBlocks:
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory")
    if not any(directory.glob("history-*")) and not (directory / "state.db").exists():
        raise UsageError(f"{directory} holds no history of redis-vigil: give the storage.path of a daemon")
    blocks = ReadOnlyBlocks(directory, scratch)
    try:
        blocks.load()
    except OSError as error:
        raise StateError(f"{directory} cannot be read: {error.strerror or error}") from None
    return blocks


def export_samples(place: Place, wanted: Wanted, form: str, output: Path | None) -> None:
    """Export, and say on standard error how much that was. Raises `exporter.errors.VigilError`."""
    configure_logging("critical")
    span, matchers = wanted.span(time.time()), wanted.matchers()
    with place.open(span, matchers) as source, _opened(output) as write:
        count = export(source, form, write)
    where = f" to {output}" if output is not None else ""
    say(f"{count_of(count.samples, 'sample')} of {count.series} series{where}", err=True)


@contextmanager
def _opened(output: Path | None) -> Iterator[Callable[[str], object]]:
    """What writes texts. A file appears when it is whole."""
    if output is None:
        if isinstance(sys.stdout, TextIOWrapper):
            # The formats are UTF-8, whatever the terminal's language.
            sys.stdout.reconfigure(encoding="utf-8", errors="replace")
        yield sys.stdout.write
        sys.stdout.flush()
        return
    partial = output.with_name(f"{output.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        partial.replace(output)
    except OSError as error:
        raise UsageError(f"--output {output} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def _moment_ms(option: tuple[str, str], now: float) -> int:
    """A moment in milliseconds: so long ago, RFC 3339, or epoch seconds. Raises `UsageError`."""
    name, text = option
    try:
        return round(now * 1000) - parse_duration(text)
    except InvalidDurationError:
        pass
    seconds = parse_float(text)
    if seconds is None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            form = "neither a duration (2h, 30d) nor a moment with its zone (2026-11-28T01:00:00Z)"
            raise UsageError(f"{name} {text} is {form}")
        seconds = moment.timestamp()
    if not abs(seconds) < 1e11:
        raise UsageError(f"{name} {text} is no moment")
    return round(seconds * 1000)
