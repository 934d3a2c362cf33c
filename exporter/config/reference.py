"""The reference of `config.yml` as Markdown, made from the models that read it.

`python -m exporter.config.reference docs/configuration.md` writes it into the file, between its two marks.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from exporter.config.fields import KIND
from exporter.config.restart import REMOVAL_KEYS, RESTART_KEYS, SWITCH_KEYS
from exporter.config.schema import config_schema

BEGIN: Final = "<!-- The reference begins: written by `make docs`, not by hand. -->"
END: Final = "<!-- The reference ends. -->"

Schema = Mapping[str, Any]

_SIMPLE_TYPES: Final = {
    "string": "text",
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "number": "number",
}
_SIZES: Final = (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10))


def reference() -> str:
    """One table per section, in the order of the models."""
    schema = config_schema()
    return "\n".join(_Reference(schema["$defs"]).section("", schema))


def with_reference(text: str) -> str:
    """A Markdown file with the reference between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


class _Reference:
    """Walks through a schema; a section that stands in several places is described in the first."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._places: dict[str, str] = {}

    def section(self, place: str, schema: Schema) -> Iterator[str]:
        """The lines about one section and those below it."""
        yield f"### {f'`{place}`' if place else 'Top level'}\n"
        yield _one_line(schema.get("description", "")) + "\n"
        yield "| key | value | default | meaning | a reload |\n|---|---|---|---|---|"
        below: list[tuple[str, str]] = []
        required = schema.get("required", ())
        for key, value in sorted(schema["properties"].items(), key=lambda item: item[0] not in required):
            for suffix, name in _references(value):
                if name not in self._places:
                    self._places[name] = f"{place}.{key}{suffix}".lstrip(".")
                    below.append((self._places[name], name))
            reload = _reload(f"{place}.{key}")
            yield self._row(key, value, required=key in required, reload=reload)
        yield ""
        for inner_place, name in below:
            yield from self.section(inner_place, self._definitions[name])

    def _row(self, key: str, schema: Schema, *, required: bool, reload: str) -> str:
        default = "required" if required else _default(schema)
        meaning = _one_line(schema.get("description", ""))
        cells = (f"`{key}`", self._type(schema), default, meaning, reload)
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    def _type(self, schema: Schema) -> str:
        options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
        if options:
            return " or ".join(self._type(option) for option in options)
        if "$ref" in schema:
            place = self._places[_name(schema)]
            return f"[`{place}`](#{_anchor(place)})"
        if KIND in schema:
            return str(schema[KIND])
        if "enum" in schema or "const" in schema:
            return ", ".join(f"`{word}`" for word in schema.get("enum", [schema.get("const")]))
        if schema.get("type") == "array":
            return f"list of {self._type(schema['items'])}"
        if schema.get("type") == "object":
            return f"mapping to {self._type(schema['additionalProperties'])}"
        return _SIMPLE_TYPES[schema["type"]] + _bounds(schema)


def _reload(key: str) -> str:
    """Return what a reload does about a key that has changed."""
    if key in RESTART_KEYS:
        return "needs a restart"
    if key in SWITCH_KEYS:
        return "applies it; switching it on or off needs a restart"
    return "applies it; taking it away needs a restart" if key in REMOVAL_KEYS else "applies it"


def _references(schema: Schema) -> Iterator[tuple[str, str]]:
    """(suffix of the place, name) of each section that a value can be, or hold as items."""
    if "$ref" in schema:
        yield "", _name(schema)
    for option in schema.get("anyOf", ()):
        yield from _references(option)
    for keyword, step in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(schema.get(keyword), dict):
            yield from ((step + suffix, name) for suffix, name in _references(schema[keyword]))


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _anchor(place: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    return "".join(char for char in place.lower() if char.isalnum() or char in "_-")


def _bounds(schema: Schema) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None and high is None:
        return ""
    low_text = f" above {low}" if "exclusiveMinimum" in schema else f" from {low}"
    high_text = f" below {high}" if "exclusiveMaximum" in schema else f" to {high}"
    return ("" if low is None else low_text) + ("" if high is None else high_text)


def _default(schema: Schema) -> str:
    value = schema.get("default")
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value is None or value in ("", [], {}) or isinstance(value, dict):
        return ""
    if schema.get(KIND) == "size":
        value = next((f"{value // size}{unit}" for unit, size in _SIZES if value % size == 0), value)
    if isinstance(value, list):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{value}`"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """Bring the files that are named up to date."""
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(with_reference(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
