"""The servers that one redis_exporter asks, with user, password and TLS."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from exporter.config.redis_exporter import Entry, parse_address, password_of, read_password_file
from exporter.config.url import ServerUrl
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.settings import Settings
from exporter.migration.redis_exporter.substitutions import file_of, is_substitution
from exporter.model.secret import Secret

_PASSWORD: Final = "redis.password"
_PASSWORD_FILE: Final = "redis.password-file"
_BY_A_COMMAND: Final = (
    "is what a command prints that a shell runs, and not taken over: have the password read by "
    "password_command, or from a password_file"
)
_TLS_FILES: Final = {
    "tls-ca-cert-file": "ca_file",
    "tls-client-cert-file": "cert_file",
    "tls-client-key-file": "key_file",
}
_OTHER_TLS_FLAGS: Final = ("tls-server-name", "skip-tls-verification")


@dataclass(frozen=True, slots=True)
class Server:
    """One server to watch, or one node of the cluster to watch (`is_cluster`).

    Its password is known, handed over in an environment variable, or read from a file.
    """

    url: ServerUrl
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    variable: str = ""
    file: Path | None = None
    tls: Mapping[str, Any] = field(default_factory=dict)
    is_cluster: bool = False

    def __str__(self) -> str:
        user = f" as {self.username}" if self.username else ""
        cluster = "the cluster of " if self.is_cluster else ""
        if self.file:
            return f"{cluster}{self.url}{user}, with the password in {self.file}"
        if self.variable:
            return f"{cluster}{self.url}{user}, with the password in ${self.variable}"
        return f"{cluster}{self.url}{user}, {'with' if self.password else 'without'} a password"


def read_servers(settings: Settings, invocation: Invocation, remarks: list[str]) -> Sequence[Server]:
    """The server of `--redis.addr`, and those of the password file, which `/scrape` may be asked for.

    Raises `UsageError` for an address that is none.
    """
    entries = _entries(settings, invocation, remarks)
    tls = _tls(settings, invocation)
    main = _main_server(settings, entries, tls, remarks)
    if main is None:
        remarks.append(
            "--redis.addr is empty: the servers are those that Prometheus asks /scrape for; redis-vigil "
            "migrate prometheus takes them over from its configuration"
        )
    watched = {main.url.address.instance: main} if main else {}
    for entry in entries:
        username = entry.url.username or settings.text("redis.user")
        server = Server(entry.url, username, entry.password, tls=tls if entry.url.address.tls else {})
        watched.setdefault(entry.url.address.instance, server)
    _tell_of_tls(settings, watched.values(), remarks)
    return list(watched.values())


def _entries(settings: Settings, invocation: Invocation, remarks: list[str]) -> Sequence[Entry]:
    name, origin = settings.text(_PASSWORD_FILE), settings.origin(_PASSWORD_FILE)
    if not name:
        return ()
    if settings.text(_PASSWORD):
        remarks.append(f"{origin}: without effect where a password is given, and not taken over")
        return ()
    path = invocation.path(name)
    try:
        return read_password_file(path, origin)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        remarks.append(
            f"{origin}: {path} cannot be read here ({why}): copy it to this machine and name it by "
            "--redis.password-file, or give each target its password_file"
        )
        return ()


def _main_server(
    settings: Settings, entries: Sequence[Entry], tls: Mapping[str, Any], remarks: list[str]
) -> Server | None:
    address = settings.text("redis.addr")
    if not address:
        return None
    url = parse_address(address, settings.origin("redis.addr"))
    username = url.username or settings.text("redis.user")
    if url.password and settings.text(_PASSWORD):
        remarks.append(f"{settings.origin(_PASSWORD)}: without effect, since the address has a password")
    variable = "" if url.password else settings.variable(_PASSWORD)
    text = "" if variable or url.password else settings.text(_PASSWORD)
    file = file_of(text)
    if not file and is_substitution(text):
        remarks.append(f"{settings.origin(_PASSWORD)} {_BY_A_COMMAND}")
    password = url.password or Secret("" if is_substitution(text) else text)
    if not (password or variable or is_substitution(text)):
        password = password_of(entries, url, username)
    is_cluster = settings.is_on("is-cluster")
    tls = tls if url.address.tls else {}
    return Server(url, username, password, variable, Path(file) if file else None, tls, is_cluster)


def _tls(settings: Settings, invocation: Invocation) -> Mapping[str, Any]:
    tls: dict[str, Any] = {
        key: str(invocation.path(settings.text(flag)))
        for flag, key in _TLS_FILES.items()
        if settings.text(flag)
    }
    if name := settings.text("tls-server-name"):
        tls["server_name"] = name
    if settings.is_on("skip-tls-verification"):
        tls["insecure_skip_verify"] = True
    return tls


def _tell_of_tls(settings: Settings, servers: Iterable[Server], remarks: list[str]) -> None:
    given = [name for name in (*_TLS_FILES, *_OTHER_TLS_FLAGS) if settings.differs(name)]
    if given and not any(server.url.address.tls for server in servers):
        names = ", ".join(settings.origin(name) for name in given)
        remarks.append(f"{names}: without effect, there and here, where no address begins with rediss://")
