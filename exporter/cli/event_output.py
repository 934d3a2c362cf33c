"""Events as lines of a table, as CSV and as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from exporter.cli.formats import OutputFormat
from exporter.cli.output import add_row, csv_text, make_console, make_table, write_csv, write_json

_COLUMNS: Final = ("at", "instance", "kind", "fields")
# What stands in a column of its own, or helps nobody.
_SECONDS: Final = "_seconds"


def write_events(events: Sequence[Mapping[str, Any]], output: OutputFormat) -> None:
    """Print events, the newest first."""
    if output is OutputFormat.JSON:
        write_json({"events": list(events)})
    elif output is OutputFormat.CSV:
        write_csv(_COLUMNS, map(_cells, events))
    else:
        _write_table(events)


def _write_table(events: Sequence[Mapping[str, Any]], *, has_head: bool = True) -> None:
    table = make_table("TIME", "INSTANCE", "KIND", "WHAT")
    table.show_header = has_head
    for event in events:
        add_row(table, moment_text(event["at"]), event["instance"], event["kind"], describe(event["fields"]))
    make_console().print(table)


def write_each(events: Iterable[Mapping[str, Any]], output: OutputFormat) -> None:
    """Print events one by one, as they come."""
    for event in events:
        if output is OutputFormat.JSON:
            write_json(event)
        elif output is OutputFormat.CSV:
            print(csv_text(_cells(event), ()), end="", flush=True)
        else:
            _write_table([event], has_head=False)


def describe(fields: Mapping[str, Any]) -> str:
    """The fields in one line: `pattern=GET user:{id} duration=12 ms`; those that say nothing are left out."""
    return "  ".join(_pairs(fields))


def _pairs(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if value is None or value == "" or value == []:
            continue
        if name.endswith(_SECONDS) and isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{name.removesuffix(_SECONDS)}={_duration(value)}"
        elif isinstance(value, list):
            yield f"{name}={', '.join(map(str, value))}"
        elif isinstance(value, bool):
            yield f"{name}={'yes' if value else 'no'}"
        elif name.endswith("_at") and isinstance(value, int | float):
            yield f"{name}={moment_text(value)}"
        else:
            yield f"{name}={value}"


def moment_text(at: float) -> str:
    """A moment (epoch seconds) in UTC, to the millisecond."""
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return str(at)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"


def _cells(event: Mapping[str, Any]) -> list[str]:
    fields = json.dumps(event["fields"], ensure_ascii=True, separators=(",", ":"))
    return [moment_text(event["at"]), str(event["instance"]), str(event["kind"]), fields]
