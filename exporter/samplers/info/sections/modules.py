"""Modules: one line per loaded module."""

from exporter.metrics import SeriesTable
from exporter.samplers.info.fields.modules import MODULE_INFO
from exporter.samplers.info.lines import LineReader, always_anew


def read_module(text: str, table: SeriesTable, names: set[str]) -> LineReader:
    """One module; its name is added to the `names`.

    Format: `name=search,ver=20811,api=1,filters=0,usedby=[],using=[ReJSON],options=[handle-io-errors]`.
    """
    pairs = {}
    for item in _split(text):
        name, _, value = item.partition("=")
        pairs[name] = value
    names.add(pairs.get("name", ""))
    table.set(MODULE_INFO.family, 1.0, *(pairs.get(name, "") for name in MODULE_INFO.labels))
    return always_anew


def _split(text: str) -> list[str]:
    """At the commas that are not inside brackets: lists of modules are separated by `|` or by a comma."""
    parts = [""]
    depth = 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts
