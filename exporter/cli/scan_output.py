"""A report about a keyspace as tables and as CSV."""

import csv
import io
from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from exporter.model.duration import format_duration
from exporter.samplers.keyspace import PassReport
from exporter.samplers.keyspace.report import OTHER, PatternReport
from exporter.web.text import UNKNOWN, bytes_text, count_text

# A figure that no key was asked for.
_NOT_ASKED = "?"
_COLUMNS = (
    "database",
    "pattern",
    "keys",
    "memory_bytes",
    "memory_error_ratio",
    "mean_bytes",
    "max_bytes",
    "keys_without_ttl",
    "keys_without_ttl_error_ratio",
    "types",
    "queue",
)


def write_csv(report: PassReport) -> str:
    """One line per pattern, with a head; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for pattern in report.patterns:
        values = {name: getattr(pattern, name) for name in _COLUMNS}
        values["types"] = " ".join(f"{kind}={keys}" for kind, keys in _by_number(pattern.types))
        writer.writerow(["" if value is None else value for value in values.values()])
    return text.getvalue()


def _by_number(types: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(types.items(), key=lambda item: (-item[1], item[0]))


def show_table(report: PassReport) -> RenderableType:
    """The summary, the patterns and the biggest keys."""
    parts: list[RenderableType] = [_summary(report), "", _pattern_table(report)]
    if report.biggest_keys:
        parts += ["", _key_table(report)]
    return Group(*parts)


def _summary(report: PassReport) -> str:
    memory = _memory(report.memory_bytes, report.memory_error_ratio)
    how = "every key asked" if report.exact else f"{sum(one.asked for one in report.databases):,} keys asked"
    seconds = format_duration(max(1, round(report.duration_seconds)) * 1000)
    lines = [f"{report.instance}: {report.keys:,} keys, {memory}; {how}, in {seconds}"]
    if not report.complete:
        lines.append("not complete: only what was seen counts")
    if report.accounted_ratio is not None:
        lines.append(f"{report.accounted_ratio:.0%} of the server's used_memory_dataset")
    return escape("\n".join([*lines, *report.notes]))


def _pattern_table(report: PassReport) -> Table:
    several = len(report.databases) > 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    if several:
        table.add_column("DB")
    table.add_column("PATTERN", overflow="fold")
    for title in ("KEYS", "MEMORY", "SHARE", "MEAN", "MAX", "NO TTL"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("TYPES", overflow="fold")
    for pattern in report.patterns:
        cells = [
            escape(_name(pattern)),
            f"{pattern.keys:,}",
            _memory(pattern.memory_bytes, pattern.memory_error_ratio),
            _share(pattern.memory_bytes, report.memory_bytes),
            _memory(pattern.mean_bytes),
            _memory(pattern.max_bytes),
            _NOT_ASKED if pattern.without_ttl_ratio is None else f"{pattern.without_ttl_ratio:.0%}",
            " ".join(kind for kind, _ in _by_number(pattern.types)),
        ]
        table.add_row(*([pattern.database] if several else []), *cells)
    return table


def _name(pattern: PatternReport) -> str:
    name = pattern.pattern
    if name == OTHER and pattern.patterns > 1:
        return f"{name} ({pattern.patterns:,} patterns)"
    return f"{name} ({pattern.queue})" if pattern.queue else name


def _memory(value: float | None, ratio: float | None = 0.0) -> str:
    return _NOT_ASKED if value is None else f"{bytes_text(value)}{_error(ratio)}"


def _share(value: int | None, whole: int | None) -> str:
    if value is None:
        return _NOT_ASKED
    return f"{value / whole:.1%}" if whole else UNKNOWN


def _error(ratio: float | None) -> str:
    """` ±2.1%`; nothing where the value is exact."""
    if ratio is None:
        return " ±?"
    return f" ±{ratio:.1%}" if ratio else ""


def _key_table(report: PassReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("TYPE")
    table.add_column("BIGGEST KEYS", overflow="fold")
    table.add_column("MEMORY", justify="right", no_wrap=True)
    table.add_column("LENGTH", justify="right", no_wrap=True)
    for key in report.biggest_keys:
        name = key.key if len(report.databases) == 1 else f"{key.database} {key.key}"
        table.add_row(key.type, escape(name), bytes_text(key.memory_bytes), count_text(key.length))
    return table
