"""Rule files for a Prometheus: those in force, each by itself complete."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import yaml

from exporter.config.document import Document
from exporter.rule_export.plain import file_text
from exporter.rule_export.splicing import says, spliced
from exporter.rules.load import load_rule_files, read_rules
from exporter.rules.model import GroupSpec, RuleFile

MARKER: Final = '# Written by "redis-vigil rules --output", which replaces it when it runs again.'
"""The first line of what was written here before, and may be replaced."""


@dataclass(frozen=True, slots=True)
class RuleTexts:
    """One rule file in force: a name that no other has, without an ending, and its text without a marker.

    `is_changed`: it says something else than the file that it was made of.
    """

    stem: str
    text: str
    groups: Sequence[GroupSpec]
    source: Path
    is_changed: bool


def rule_texts(files: Iterable[RuleFile]) -> list[RuleTexts]:
    """The files in force, as they are where nothing in them was changed, else with just that replaced.

    Files without any rule left are left out. Reads the files again; raises `ConfigError` where one cannot be.
    """
    files = [file for file in files if any(group.rules for group in file.groups)]
    stems = _stems([Path(file.path) for file in files])
    return [_texts(stem, file) for stem, file in zip(stems, files, strict=True)]


def prometheus_file(texts: RuleTexts) -> tuple[str, str]:
    """The name and the text of a rule file for Prometheus."""
    changed = ", with what the configuration changes in it" if texts.is_changed else ""
    head = f"{MARKER}\n# From {texts.source.name}{changed}.\n\n"
    return f"{texts.stem}.yml", head + texts.text


def _texts(stem: str, file: RuleFile) -> RuleTexts:
    path = Path(file.path)
    (before,) = load_rule_files([path])
    file = replace(file, groups=tuple(group for group in file.groups if group.rules))
    is_changed = before.groups != file.groups
    text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    if is_changed or not _is_single(text):
        found = spliced(text, before, file)
        text = plain_text(file) if found is None else found
    return RuleTexts(stem, text if text.endswith("\n") else text + "\n", file.groups, path, is_changed)


def plain_text(file: RuleFile) -> str:
    """The text of a file made of its rules alone."""
    text = file_text(file.groups)
    assert says(text, file), f"the rules of {file.path} cannot be written"
    return text


def _is_single(text: str) -> bool:
    """Whether all of a text is read: what follows the first document of several is not."""
    return len(list(yaml.compose_all(text, Loader=yaml.SafeLoader))) <= 1


def _stems(paths: Sequence[Path]) -> list[str]:
    """The names of the files, with those of their folders before them where several have one name."""
    stems: list[str] = []
    for path in paths:
        stem, folders = path.stem, list(path.parent.parts)
        while stem in stems and folders:
            stem = f"{folders.pop().strip('/') or 'root'}-{stem}"
        number = 2
        while stem in stems:
            stem, number = f"{path.stem}-{number}", number + 1
        stems.append(stem)
    return stems


def read_text(text: str, name: str) -> RuleFile:
    """The rules that a text holds; raises `ConfigError`."""
    return read_rules(Document.parse(text, name, lenient=True))
