"""Writes the dashboards anew: `python -m tools.dashboards DIRECTORY`."""

import sys
from pathlib import Path

from tools.dashboards.catalogue import generate


def main(directory: Path) -> None:
    """Write the JSON of every dashboard, and say where."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in generate().items():
        (directory / name).write_text(text, encoding="utf-8")
        print(directory / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
