"""Options of commands that write files for users."""

from pathlib import Path
from typing import Annotated

import typer

OutputOption = Annotated[
    Path, typer.Option("--output", metavar="DIR", help="The directory in which the files are written.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print the files instead of writing them; secrets are hidden.")
]
