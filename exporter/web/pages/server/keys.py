"""What is in the keyspace: the patterns of its keys that take most memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exporter.keyspace import KeyspaceSampler
from exporter.keyspace.report import KeyPatternReport, PassReport
from exporter.samplers.runner import TargetRunner
from exporter.web.pages.moments import moment_text, span_text
from exporter.web.pages.server.figures import UNKNOWN, bytes_figure, count_figure, percent_figure

_DATABASE: Final = "db0"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Keys of one pattern; texts.

    `share` is that of all memory, 0 to 1; `database` is empty for the first.
    """

    pattern: str
    database: str
    queue: str
    keys: str
    memory: str
    share: float
    without_ttl: str
    growth: str


@dataclass(frozen=True, slots=True)
class KeyTable:
    """The patterns that take most memory first; `summary` says of which pass, `note` what is under way."""

    rows: Sequence[KeyRow] = ()
    left_out: int = 0
    summary: str = ""
    note: str = ""


def read_keys(runner: TargetRunner, now: float, most: int) -> KeyTable | None:
    """Return so many of the patterns as of now (epoch seconds); None where keyspaces are not scanned."""
    sampler = runner.sampler("keyspace")
    if not isinstance(sampler, KeyspaceSampler):
        return None
    report = sampler.report or sampler.partial
    note = _progress(sampler)
    if report is None:
        return KeyTable(note=note)
    ranked = sorted(report.patterns, key=lambda one: (-(one.memory_bytes or 0), -one.keys))
    rows = [_row(one, report.memory_bytes) for one in ranked[:most]]
    return KeyTable(rows, len(ranked) - len(rows), _summary(report, now), note)


def _row(one: KeyPatternReport, total: int | None) -> KeyRow:
    growth = one.memory_bytes_per_hour
    return KeyRow(
        pattern=one.pattern,
        database="" if one.database == _DATABASE else one.database,
        queue=one.queue,
        keys=count_figure(one.keys),
        memory=bytes_figure(one.memory_bytes),
        share=min(1.0, (one.memory_bytes or 0) / total) if total else 0.0,
        without_ttl=UNKNOWN if (ratio := one.without_ttl_ratio) is None else percent_figure(ratio),
        growth=UNKNOWN if growth is None else f"{'+' if growth >= 0 else '−'}{bytes_figure(abs(growth))}/h",
    )


def _summary(report: PassReport, now: float) -> str:
    memory = f" of {bytes_figure(report.memory_bytes)}" if report.memory_bytes is not None else ""
    if report.memory_error_ratio:
        memory += f" ± {percent_figure(report.memory_error_ratio)}"
    where = f", on {report.scanned_on}" if report.scanned_on else ""
    if not report.complete:
        return f"{count_figure(report.keys)} keys{memory} so far{where}"
    as_of = f"as of {moment_text(report.finished_at, now)}, took {span_text(report.duration_seconds)}"
    return f"{count_figure(report.keys)} keys{memory}, {as_of}{where}"


def _progress(sampler: KeyspaceSampler) -> str:
    """Say how far the pass under way has come; empty between passes."""
    if sampler.progress_ratio >= 1.0:
        return ""
    forecast = sampler.forecast
    left = 0.0 if forecast is None else forecast.remaining_seconds or 0.0
    rest = f", {span_text(left)} left" if left else ""
    held_up = f", waits for {forecast.held_up_by}" if forecast is not None and forecast.is_late else ""
    return f"a pass is under way: {percent_figure(sampler.progress_ratio)}{rest}{held_up}"
