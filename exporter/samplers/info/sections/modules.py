"""Modules: one line per loaded module."""

from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.modules import MODULE_INFO
from exporter.samplers.info.line_reader import FULL_REPARSE, LineReader


def read_module(text: str, table: SeriesTable, names: set[str]) -> LineReader:
    """Read one module; its name is added to the `names`.

    Format: `name=search,ver=20811,api=1,filters=0,usedby=[],using=[ReJSON],options=[handle-io-errors]`.
    """
    pairs = {}
    for item in _split(text):
        name, _, value = item.partition("=")
        pairs[name] = value
    names.add(pairs.get("name", ""))
    table.set(MODULE_INFO.family, 1.0, *(pairs.get(name, "") for name in MODULE_INFO.labels))
    return FULL_REPARSE


def _split(text: str) -> list[str]:
    """Split at the commas outside brackets: lists of modules are separated by `|` or by a comma."""
    parts = [""]
    depth = 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts
