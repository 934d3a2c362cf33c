"""systemd units: `ExecStart`, `Environment` and `EnvironmentFile`.

Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from exporter.errors import UsageError
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.sources.command_line import read_words
from exporter.migration.redis_exporter.sources.environment_file import read_environment_file
from exporter.migration.redis_exporter.sources.names import is_exporter
from exporter.migration.redis_exporter.sources.words import split
from exporter.migration.redis_exporter.variables import SYSTEMD, expand

_SECTION: Final = re.compile(r"^\s*\[Service\]\s*$", re.MULTILINE)
_WHOLE_VARIABLE: Final = re.compile(r"\$([A-Za-z_]\w*)", re.ASCII)
_SPECIFIER: Final = re.compile("%(.)")
_PREFIXES: Final = "@-:+!|"


def is_unit(text: str) -> bool:
    """Whether a text is a unit of a service."""
    return _SECTION.search(text) is not None


def read_unit(text: str, path: Path, more: Mapping[str, str]) -> Invocation:
    """The invocation of a unit; raises `UsageError` where it starts no redis_exporter."""
    entries = _entries(_with_instance(text, path))
    remarks: list[str] = []
    environment = {**_environment(entries, path, remarks), **more}
    starts = [value for key, value in entries if key == "ExecStart" and value]
    start = next((line for line in starts if is_exporter(line.split()[0]) or "exporter" in line), None)
    if start is None:
        raise UsageError(f"{path}: has no ExecStart that starts redis_exporter")
    words: list[str] = []
    for word in split(start.lstrip(_PREFIXES), f"{path}: ExecStart"):
        if match := _WHOLE_VARIABLE.fullmatch(word):
            # A word that is a variable becomes as many words as its value has.
            if match[1] not in environment:
                remarks.append(_without_value(match[1], entries))
            words += split(environment.get(match[1], ""), f"{path}: ${match[1]}")
        else:
            words.append(expand(word, environment, SYSTEMD))
    base = next((Path(value) for key, value in entries if key == "WorkingDirectory"), Path("/"))
    found = read_words(words, environment, base, str(path))
    return replace(found, remarks=(*remarks, *found.remarks))


def _with_instance(text: str, path: Path) -> str:
    """The unit with %% as %, and %i in units of the form name@instance.service."""
    _, at, instance = path.stem.partition("@")
    names = set(_SPECIFIER.findall(text))
    if names & {"i", "I"} and not (at and instance):
        raise UsageError(
            f"{path}: holds %i: copy it as {path.stem.partition('@')[0]}@NAME.service, and name that"
        )
    known = {"%": "%", "i": instance, "I": instance}
    return _SPECIFIER.sub(lambda match: known.get(match[1], match[0]), text)


def _without_value(name: str, entries: Sequence[tuple[str, str]]) -> str:
    """What is to be told of a variable of ExecStart: its flags may say which server is meant."""
    files = [value.removeprefix("-") for key, value in entries if key == "EnvironmentFile" and value]
    where = f" (EnvironmentFile={', '.join(files)})" if files else ""
    return f"${name} of ExecStart has no value on this machine, and is empty: give it by --env-file{where}"


def _entries(text: str) -> Sequence[tuple[str, str]]:
    """Keys and values of the section Service; an empty value takes back those before it."""
    joined = re.sub(r"\\\n(?:\s*[#;][^\n]*\n)*\s*", " ", text)
    found: list[tuple[str, str]] = []
    is_within = False
    for line in map(str.strip, joined.splitlines()):
        if line.startswith("["):
            is_within = line == "[Service]"
        elif is_within and line and line[0] not in "#;":
            key, _, value = line.partition("=")
            key, value = key.strip(), value.strip()
            if not value:
                found = [entry for entry in found if entry[0] != key]
            found.append((key, value))
    return found


def _environment(entries: Sequence[tuple[str, str]], path: Path, remarks: list[str]) -> dict[str, str]:
    variables: dict[str, str] = {}
    for key, value in entries:
        if key == "Environment":
            words = split(value, f"{path}: Environment")
            variables |= dict(word.split("=", 1) for word in words if "=" in word)
    for key, value in entries:
        if key != "EnvironmentFile" or not value:
            continue
        file = Path(value.removeprefix("-"))
        if file.is_file():
            variables |= read_environment_file(file)
        elif not value.startswith("-"):
            remarks.append(
                f"EnvironmentFile={file} is not on this machine, and not taken over: name it by --env-file"
            )
    return variables
