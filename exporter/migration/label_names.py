"""Tags of other programs as labels of Prometheus."""

import re
from collections.abc import Iterable
from typing import Final

from exporter.migration.notes import Notes
from exporter.url_login import without_login

_NO_LETTER: Final = re.compile(r"[^a-zA-Z0-9_]", re.ASCII)


def labels_of(tags: Iterable[tuple[str, str]], notes: Notes, where: str) -> dict[str, str]:
    """Return tags as labels; a name that no label can have is changed, and that is noted."""
    labels: dict[str, str] = {}
    for tag, written in tags:
        value = text_of_tag(written, notes, where)
        name = _label_name(tag)
        if not name or not value:
            notes.differ(f'the tag "{tag}" has no name or no value, and is left out', where)
            continue
        if name != tag:
            notes.differ(f'the tag "{tag}" is the label {name}', where)
        if labels.get(name, value) != value:
            notes.differ(f'the tag "{tag}" is there twice, and a label has one value: "{value}"', where)
        labels[name] = value
    return labels


def text_of_tag(text: str, notes: Notes, where: str) -> str:
    """The text of a tag, or its value, as it may stand on pages: without the login of a URL."""
    shown = without_login(text)
    if shown != text:
        notes.differ(f'of the tag "{shown}" the login is left out: labels stand on every page', where)
    return shown


def _label_name(tag: str) -> str:
    name = _NO_LETTER.sub("_", tag.strip()).lstrip("_")
    if name[:1].isdigit():
        name = f"tag_{name}"
    # The daemon sets this one itself.
    return "tag_instance" if name == "instance" else name
