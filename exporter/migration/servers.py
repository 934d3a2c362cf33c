"""`Server`: a Redis server as the file of another program describes it, and its entry under `targets`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from exporter.config.fields import unreadable
from exporter.config.settings import GlobalSection
from exporter.config.url import ServerUrl
from exporter.drafts import Suggestion
from exporter.migration.notes import Notes
from exporter.migration.passwords import Password, SecretFiles
from exporter.model.duration import format_duration
from exporter.url_login import without_login, without_password

_DEFAULT_INTERVAL_MS: Final = GlobalSection().sample_interval.milliseconds
_FILES: Final = ("ca_file", "cert_file", "key_file")


@dataclass(frozen=True, slots=True)
class Server:
    """One server to watch. `where` is the place that it stands at, `file:line`."""

    url: ServerUrl
    where: str
    instance: str = ""
    username: str = ""
    password: Password = field(default_factory=Password)
    tls: Mapping[str, str | bool] = field(default_factory=dict)
    """Keys and values of the section `tls` of a target; files by their full paths."""
    labels: Mapping[str, str] = field(default_factory=dict)
    sample_interval_ms: int = 0
    """0: that of all servers."""
    sample_timeout_ms: int = 0
    samplers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The value of the label `instance`."""
        return self.instance or self.url.address.instance

    def entry(self, secrets: SecretFiles, notes: Notes, interval_ms: int = 0) -> Mapping[str, Any]:
        """Return its entry under `targets`, in the order in which people write one.

        `interval_ms` is `global.sample_interval`, 0 where that is the default.
        """
        return {
            "url": str(self.url),
            **({"instance": self.instance} if self.name != self.url.address.instance else {}),
            **self._login(secrets, notes),
            **({"tls": tls} if (tls := dict(self._tls(notes))) else {}),
            **({"labels": dict(self.labels)} if self.labels else {}),
            **dict(self._timing(interval_ms or _DEFAULT_INTERVAL_MS, notes)),
            **({"samplers": self.samplers} if self.samplers else {}),
        }

    def _timing(self, interval_ms: int, notes: Notes) -> Iterator[tuple[str, str]]:
        own_ms = self.sample_interval_ms or interval_ms
        if own_ms != interval_ms:
            yield "sample_interval", format_duration(own_ms)
        if self.sample_timeout_ms > own_ms:
            asked, taken = format_duration(self.sample_timeout_ms), format_duration(own_ms)
            notes.differ(f"the timeout of {asked} is cut to the interval, {taken}", self.where)
        if self.sample_timeout_ms:
            yield "sample_timeout", format_duration(min(self.sample_timeout_ms, own_ms))

    def _login(self, secrets: SecretFiles, notes: Notes) -> Mapping[str, Any]:
        username = self.username or self.url.username
        password = self.password or Password(self.url.password)
        return {
            **({"username": username} if username else {}),
            **secrets.key_for(password, self.name, notes, self.where),
        }

    def _tls(self, notes: Notes) -> Iterator[tuple[str, Any]]:
        if self.tls and not self.url.address.tls:
            notes.differ("TLS options are left out: a socket is not reached by TLS", self.where)
            return
        for key, value in self.tls.items():
            if key in _FILES and (problem := unreadable(Path(str(value)))):
                notes.differ(f"tls.{key} stands in config.yml as a comment, since here {problem}", self.where)
                yield key, Suggestion(value)
            else:
                yield key, value


def with_own_names(servers: Sequence[Server], notes: Notes) -> Sequence[Server]:
    """The servers, each `instance` once: the daemon keeps servers apart by that label."""
    known: dict[str, Server] = {}
    for server in map(_without_login, servers):
        first = known.get(server.name)
        if first is None:
            known[server.name] = server
        elif first.url.address == server.url.address:
            notes.differ(f"{server.name} stands at {first.where} already, and is watched once", server.where)
        else:
            renamed = _with_another_name(server, known)
            notes.differ(
                f"{server.name} is the name of another server ({first.where}): this one is {renamed.name}",
                server.where,
            )
            known[renamed.name] = renamed
    return list(known.values())


def _without_login(server: Server) -> Server:
    labels = {name: without_login(value) for name, value in server.labels.items()}
    return replace(server, instance=without_password(server.instance), labels=labels)


def _with_another_name(server: Server, known: Mapping[str, Server]) -> Server:
    number = 2
    while (name := f"{server.name}-{number}") in known:
        number += 1
    return replace(server, instance=name)
