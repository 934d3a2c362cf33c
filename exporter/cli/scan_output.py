"""A report about a keyspace as tables and as CSV."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table

from exporter.cli.output import add_row, make_table
from exporter.keyspace import PassReport
from exporter.keyspace.report import OTHER, KeyPatternReport
from exporter.model.duration import format_duration
from exporter.model.printable import printable_lines
from exporter.web.text import UNKNOWN, bytes_text, count_text

# A figure that no key was asked for.
_NOT_ASKED = "?"
CSV_COLUMNS: Final = (
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


def csv_rows(report: PassReport) -> Iterator[Sequence[object]]:
    """One line per pattern; what is not known is None."""
    for pattern in report.patterns:
        values = {name: getattr(pattern, name) for name in CSV_COLUMNS}
        values["types"] = " ".join(f"{kind}={keys}" for kind, keys in _by_number(pattern.types))
        yield list(values.values())


def _by_number(types: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(types.items(), key=lambda item: (-item[1], item[0]))


def show_table(report: PassReport) -> RenderableType:
    """The summary, the patterns and the biggest keys."""
    parts: list[RenderableType] = [_summary(report)]
    if report.patterns:
        parts += ["", _pattern_table(report)]
    if report.biggest_keys:
        parts += ["", _key_table(report)]
    return Group(*parts)


def _summary(report: PassReport) -> str:
    memory = _memory(report.memory_bytes, report.memory_error_ratio)
    how = "every key asked" if report.exact else f"{sum(one.asked for one in report.databases):,} keys asked"
    seconds = format_duration(max(1, round(report.duration_seconds)) * 1000)
    keys = f"{report.keys:,} key{'' if report.keys == 1 else 's'}"
    lines = [f"{report.instance}: {keys}, {memory}; {how}, in {seconds}"]
    if not report.complete:
        lines.append("not complete: only what was seen counts")
    if report.accounted_ratio is not None:
        lines.append(f"{report.accounted_ratio:.0%} of the server's used_memory_dataset")
    return printable_lines("\n".join([*lines, *report.notes]))


def _pattern_table(report: PassReport) -> Table:
    several = len(report.databases) > 1
    figures = ("KEYS", "MEMORY", "SHARE", "MEAN", "MAX", "NO TTL")
    table = make_table(*(["DB"] if several else []), "PATTERN", *figures, "TYPES", right=figures)
    for pattern in report.patterns:
        cells = [
            _name(pattern),
            f"{pattern.keys:,}",
            _memory(pattern.memory_bytes, pattern.memory_error_ratio),
            _share(pattern.memory_bytes, report.memory_bytes),
            _memory(pattern.mean_bytes),
            _memory(pattern.max_bytes),
            _NOT_ASKED if pattern.without_ttl_ratio is None else f"{pattern.without_ttl_ratio:.0%}",
            " ".join(kind for kind, _ in _by_number(pattern.types)),
        ]
        add_row(table, *([pattern.database] if several else []), *cells)
    return table


def _name(pattern: KeyPatternReport) -> str:
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
    figures = ("MEMORY", "LENGTH")
    table = make_table("TYPE", "BIGGEST KEYS", *figures, right=figures)
    for key in report.biggest_keys:
        name = key.key if len(report.databases) == 1 else f"{key.database} {key.key}"
        add_row(table, key.type, name, bytes_text(key.memory_bytes), count_text(key.length))
    return table
