"""How the daemon is to get in: user, password and TLS as keys of the configuration, passwords in files."""

from pathlib import Path
from typing import Any, Final

from exporter.config.targets import AccessSection, TargetSection
from exporter.config.url import ServerUrl
from exporter.drafts import Suggestion

_FILE: Final = "secrets/redis"
_TLS_FILES: Final = ("ca_file", "cert_file", "key_file")


class Logins:
    """Turns the way in that was given into keys for a file in a directory.

    `files` are those with passwords that stood in URLs, by their names in that directory. `user` is suggested
    where nobody was named; empty where servers have no users.
    """

    def __init__(self, directory: Path, user: str = "") -> None:
        self.files: dict[str, str] = {}
        self._directory = directory.absolute()
        self._user = user

    def keys(self, section: TargetSection) -> dict[str, Any]:
        """Everything about the way in to one server, suggestions included."""
        login: dict[str, Any] = self.of(section)
        if self._user and not login:
            login["username"] = Suggestion(self._user, "With a user as above:")
            login["password_file"] = Suggestion(_FILE)
        return {**login, **self.tls(section)}

    def of(self, section: TargetSection) -> dict[str, Any]:
        """User and password of one server; nothing where it needs none."""
        return self._login(section, section.url)

    def _login(self, section: AccessSection, url: ServerUrl) -> dict[str, Any]:
        username = section.username or url.username
        keys: dict[str, Any] = {"username": username} if username else {}
        if section.password_file:
            return {**keys, "password_file": self.path(section.password_file)}
        if section.password_env:
            return {**keys, "password_env": section.password_env}
        password = section.password or url.password
        return {**keys, "password_file": self._keep(password.reveal())} if password else keys

    def tls(self, section: TargetSection) -> dict[str, Any]:
        """The key `tls` of one server; nothing where it has no options of its own."""
        tls = section.tls
        given = {name: getattr(tls, name) for name in sorted(tls.model_fields_set)}
        keys = {name: self.path(value) if name in _TLS_FILES else value for name, value in given.items()}
        return {"tls": keys} if keys and section.url.address.tls else {}

    def _keep(self, password: str) -> str:
        """The name of the file with this password."""
        for name, text in self.files.items():
            if text == f"{password}\n":
                return name
        name = f"{_FILE}-{len(self.files) + 1}" if self.files else _FILE
        self.files[name] = f"{password}\n"
        return name

    def path(self, path: Path) -> str:
        """A file as it is named from the directory: below it relative, else by its full path."""
        whole = path.absolute()
        return str(whole.relative_to(self._directory) if whole.is_relative_to(self._directory) else whole)
