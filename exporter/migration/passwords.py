"""Passwords on their way from another program's file to a `config.yml`: never in it, always beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.config.fields import check_program, required_environment, text_from_file
from exporter.drafts import Suggestion
from exporter.migration.notes import Notes
from exporter.migration.secret_files import secret_path
from exporter.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Password:
    """A password, or where it stands; one of the four, or none."""

    text: Secret = field(default_factory=lambda: Secret(""))
    file: Path | None = None
    environment: str = ""
    command: tuple[str, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.text or self.file or self.environment or self.command)


@dataclass(slots=True)
class SecretFiles:
    """Files that will hold one secret each; the same secret has one file."""

    files: dict[str, str] = field(default_factory=dict, repr=False)

    def add(self, secret: Secret, owner: str) -> str:
        """Return the name of the file that holds a secret, which is called after its first owner."""
        text = secret.reveal() + "\n"
        for name, content in self.files.items():
            if content == text:
                return name
        stem = secret_path(owner)
        name, number = stem, 1
        while name in self.files:
            number += 1
            name = f"{stem}_{number}"
        self.files[name] = text
        return name

    def key_for(self, password: Password, owner: str, notes: Notes, where: str) -> Mapping[str, Any]:
        """Return the key of `config.yml` that says where the password is.

        What cannot be read now is a comment, since the daemon would not start, and is noted.
        """
        if password.text:
            return {"password_file": self.add(password.text, owner)}
        if password.file:
            return _checked("password_file", str(password.file), text_from_file, password.file, notes, where)
        if password.environment:
            name = password.environment
            return _checked("password_env", name, required_environment, name, notes, where)
        if password.command:
            command = list(password.command)
            return _checked("password_command", command, check_program, command, notes, where)
        return {}


def _checked(key: str, value: Any, check: Any, argument: Any, notes: Notes, where: str) -> Mapping[str, Any]:
    try:
        check(argument)
    except ValueError as error:
        notes.differ(f"{key} stands in config.yml as a comment, since here {error}", where)
        return {key: Suggestion(value)}
    return {key: value}
