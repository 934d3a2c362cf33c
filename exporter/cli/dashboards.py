"""`redis-vigil dashboards`: write the Grafana dashboards as JSON."""

from pathlib import Path
from typing import Annotated

import typer

from exporter.errors import VigilError
from exporter.shipped import shipped


def dashboards(
    output: Annotated[Path, typer.Option("--output", help="Directory to write the JSON files to.")],
) -> None:
    """Write the Grafana dashboards as JSON files, ready to be imported or provisioned."""
    files = _files()
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (output / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise VigilError(f"cannot write dashboards to {output}: {error.strerror}") from error
    for name in files:
        typer.echo(output / name)


def _files() -> dict[str, str]:
    """Return the texts of the shipped files by name; `make dashboards` builds them."""
    found = {
        path.name: path.read_text(encoding="utf-8") for path in sorted(shipped("dashboards").glob("*.json"))
    }
    if not found:
        raise VigilError(
            "this installation has no dashboards: install redis-vigil as a wheel, or from a source tree that "
            "has the directory dashboards"
        )
    return found
