"""Output of commands has one style of tables, JSON and CSV, without control characters for a terminal.

Names of keys, queues and clients are anybody's: an escape sequence in one could write on the screen whatever
it likes, also later, when a file is looked at. Colour is for terminals only, and not where NO_COLOR is set
(https://no-color.org).
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.model.printable import escaped_json, printable, printable_lines

# Into a file or a pipe lines are as long as they are, and nothing is cut off.
_FILE_WIDTH: Final = 200


def say(text: str, *, err: bool = False) -> None:
    """Print a text, which may have several lines, on standard output or error."""
    typer.echo(printable_lines(text), err=err)


def colour_system() -> Literal["auto"] | None:
    """Return the colours for rich: those of the terminal, or no styles at all with NO_COLOR."""
    return None if os.environ.get("NO_COLOR") else "auto"


def make_console(*, err: bool = False) -> Console:
    """A console that takes texts as they are: no markup, no emoji, no colour of its own in numbers."""
    console = Console(markup=False, highlight=False, emoji=False, stderr=err, color_system=colour_system())
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    return console


def make_table(*columns: str, right: Iterable[str] = ()) -> Table:
    """A table of texts, by the titles of its columns; those named in `right` hold figures."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    figures = set(right)
    for title in columns:
        if title in figures:
            table.add_column(title, justify="right", no_wrap=True)
        else:
            table.add_column(title, overflow="fold")
    return table


def add_row(table: Table, *cells: str) -> None:
    """One more row, its texts as they are."""
    table.add_row(*(Text(printable(cell)) for cell in cells))


def write_json(document: Any) -> None:
    """Print one JSON document in one line."""
    typer.echo(escaped_json(json.dumps(document, ensure_ascii=False)))


def write_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print lines of comma-separated values with a head (RFC 4180); what is not known is empty."""
    typer.echo(csv_text(head, rows), nl=False)


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The same as a text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_csv_value(value) for value in row] for row in rows)
    return text.getvalue()


def _csv_value(value: object) -> object:
    if value is None:
        return ""
    return printable(value) if isinstance(value, str) else value
