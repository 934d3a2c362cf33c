"""`redis-vigil dashboards`: write the Grafana dashboards as JSON."""

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from exporter.errors import VigilError
from exporter.shipped import shipped


def dashboards(
    output: Annotated[Path, typer.Option("--output", help="Directory to write the JSON files to.")],
) -> None:
    """Write the Grafana dashboards as JSON files, ready to be imported or provisioned.

    With grafana-foundation-sdk installed they are built anew; without it those that come with the daemon are
    copied. The result is the same.
    """
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
    if importlib.util.find_spec("grafana_foundation_sdk") is None:
        return _shipped_files()
    # Slow to import, and there in development only.
    from exporter.dashboards.catalogue import generate

    return generate()


def _shipped_files() -> dict[str, str]:
    found = {
        path.name: path.read_text(encoding="utf-8") for path in sorted(shipped("dashboards").glob("*.json"))
    }
    if not found:
        raise VigilError(
            "this installation has no dashboards: install it as a wheel, or install grafana-foundation-sdk "
            "(pip install 'redis-vigil[dev]') to build them"
        )
    return found
