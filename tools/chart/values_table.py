"""The table of values in the chart's README: `python -m tools.chart.values_table CHART`.

Each key of values.yaml has its meaning as a comment in the lines above it.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

BEGIN: Final = "<!-- The values begin: written by `make docs`, not by hand. -->"
END: Final = "<!-- The values end. -->"
_MAX_DEFAULT: Final = 60


@dataclass(frozen=True, slots=True)
class Value:
    """One value that a user can set: `name` with dots between the keys, its default, and what it means."""

    name: str
    default: object
    meaning: str


def read_values(text: str) -> Sequence[Value]:
    """All values of a values.yaml, in its order."""
    return tuple(_values_of(yaml.compose(text, yaml.SafeLoader), text.splitlines(), ""))


def _values_of(mapping: yaml.Node | None, lines: Sequence[str], prefix: str) -> Iterator[Value]:
    assert isinstance(mapping, yaml.MappingNode)
    for key, node in mapping.value:
        name, meaning = f"{prefix}{key.value}", _comment_above(lines, key.start_mark.line)
        # A mapping without a word of its own is taken apart: its keys have theirs.
        if isinstance(node, yaml.MappingNode) and not meaning:
            yield from _values_of(node, lines, f"{name}.")
        else:
            yield Value(name, yaml.safe_load(yaml.serialize(node)), meaning)


def _comment_above(lines: Sequence[str], line: int) -> str:
    found: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("# "):
        line -= 1
        found.insert(0, lines[line].strip().removeprefix("# "))
    return " ".join(found)


def values_table(values: Sequence[Value]) -> str:
    """The table, as Markdown."""
    rows = [
        f"| `{one.name}` | {_default(one.default)} | {one.meaning.replace('|', chr(92) + '|')} |"
        for one in values
    ]
    return "\n".join(["| value | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _default(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= _MAX_DEFAULT else "in values.yaml"


def with_table(readme: str, values: Sequence[Value]) -> str:
    """The README with the table as it should be."""
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n\n{values_table(values)}\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Write the README of the chart in the given directory anew."""
    chart = Path(sys.argv[1])
    readme = chart / "README.md"
    readme.write_text(with_table(readme.read_text(), read_values((chart / "values.yaml").read_text())))


if __name__ == "__main__":
    main()
