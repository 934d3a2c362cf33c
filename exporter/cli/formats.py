"""`--format`: how a command writes what it has found."""

from enum import StrEnum
from typing import Annotated

import typer


class OutputFormat(StrEnum):
    """Tables for people, one JSON document, or lines of comma-separated values with a head."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FormatOption = Annotated[OutputFormat, typer.Option("--format", help="How to write it.")]
