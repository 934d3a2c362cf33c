"""Compose files: services whose image is a redis_exporter.

Source: https://github.com/compose-spec/compose-spec/blob/main/spec.md.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from exporter.errors import UsageError
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.sources.environment_file import read_environment_file
from exporter.migration.redis_exporter.sources.names import is_exporter
from exporter.migration.redis_exporter.sources.shell import after_program, without_shell
from exporter.migration.redis_exporter.sources.words import split
from exporter.migration.redis_exporter.variables import COMPOSE, expand, unknown

_COMMAND: Final = ("entrypoint", "command")


def read_compose(
    document: Mapping[str, Any], path: Path, more: Mapping[str, str], shell: Mapping[str, str]
) -> Sequence[Invocation]:
    """The invocations of a compose file, whose variables are those of the shell and of `.env` beside it."""
    beside = path.parent / ".env"
    values = {**(read_environment_file(beside) if beside.is_file() else {}), **shell, **more}
    return [
        _of_service(name, service, path, values, more)
        for name, service in document["services"].items()
        if isinstance(service, dict) and _is_exporters(service)
    ]


def _is_exporters(service: Mapping[str, Any]) -> bool:
    return is_exporter(str(service.get("image", ""))) or any(
        is_exporter(word) for word in _words(service.get("entrypoint"), "")[:1]
    )


def _of_service(
    name: str,
    service: Mapping[str, Any],
    path: Path,
    values: Mapping[str, str],
    more: Mapping[str, str],
) -> Invocation:
    origin = f"{path}: services.{name}"
    remarks: list[str] = []
    variables: dict[str, str] = {}
    for file in _files(service.get("env_file")):
        if (path.parent / file).is_file():
            variables |= read_environment_file(path.parent / file)
        else:
            remarks.append(f"{origin}: env_file {file} is not on this machine, and not taken over")
    for key, value in _pairs(service.get("environment"), origin):
        # Without a value it is that of the shell.
        variables[key] = values.get(key, unknown(key)) if value is None else expand(value, values, COMPOSE)
    variables |= more
    words = [expand(word, values, COMPOSE) for key in _COMMAND for word in _words(service.get(key), origin)]
    words, read = without_shell(words, variables, origin, remarks)
    return Invocation(
        after_program(words), {**variables, **read}, origin, Path("/"), in_container=True, remarks=remarks
    )


def _words(command: Any, origin: str) -> list[str]:
    """A command, or an entry point, as a list or a line."""
    if command is None:
        return []
    return split(command, origin) if isinstance(command, str) else [str(word) for word in command]


def _files(entry: Any) -> list[str]:
    entries = entry if isinstance(entry, list) else [] if entry is None else [entry]
    return [str(one.get("path", "")) if isinstance(one, dict) else str(one) for one in entries]


def _pairs(entries: Any, origin: str) -> list[tuple[str, str | None]]:
    """`environment` as a mapping, or as a list of `NAME=value` and `NAME`."""
    if entries is None:
        return []
    if isinstance(entries, dict):
        return [(str(key), None if value is None else _text(value)) for key, value in entries.items()]
    if not isinstance(entries, list):
        raise UsageError(f"{origin}: environment must be a mapping or a list")
    pairs = [str(entry).partition("=") for entry in entries]
    return [(name, value if has_value else None) for name, has_value, value in pairs]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
