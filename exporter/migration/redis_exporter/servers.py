"""The servers that redis_exporter asks, with user, password and TLS: `targets`, or `discovery.cluster`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from exporter.config.url import ServerUrl
from exporter.migration.piece import Piece
from exporter.migration.redis_exporter.addresses import parse_address
from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.password_file import Entry, read_password_file
from exporter.migration.redis_exporter.settings import Settings
from exporter.migration.secret_files import secret_file
from exporter.model.secret import Secret

_TLS_FLAGS = {
    "tls-ca-cert-file": "ca_file",
    "tls-client-cert-file": "cert_file",
    "tls-client-key-file": "key_file",
}
_OTHER_TLS_FLAGS = ("tls-server-name", "skip-tls-verification")


@dataclass(frozen=True, slots=True)
class Server:
    """One server to watch; `variable` is the name of an environment variable with its password."""

    url: ServerUrl
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    variable: str = ""


def convert_servers(settings: Settings, invocation: Invocation) -> Sequence[Piece]:
    """The server of `--redis.addr`, or its cluster, and those of the password file."""
    entries, remarks = _entries(settings, invocation)
    main = _main_server(settings, invocation, entries)
    others = [_of_entry(entry, settings) for entry in entries if main is None or not _is_same(entry, main)]
    pieces = [Piece(differs=remarks), _tls_remarks(settings, [*([main] if main else []), *others])]
    if main and settings.is_on("is-cluster"):
        pieces.append(_cluster_piece(main, settings, invocation))
        watched = others
    else:
        watched = [*([main] if main else []), *others]
    return [*pieces, *_target_pieces(watched, settings, invocation)]


def _entries(settings: Settings, invocation: Invocation) -> tuple[Sequence[Entry], Sequence[str]]:
    name = settings.text("redis.password-file")
    origin = settings.origin("redis.password-file")
    if not name:
        return (), ()
    if settings.text("redis.password") or invocation.variable_of("REDIS_PASSWORD"):
        return (), (f"{origin} is not read by redis_exporter where a password is given, and not taken over",)
    path = invocation.path(name)
    try:
        return read_password_file(path, origin), ()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        return (), (
            f"{origin}: {path} cannot be read here ({why}): copy it to this machine and name it by "
            "--redis.password-file, or write targets with a password_file each",
        )


def _main_server(settings: Settings, invocation: Invocation, entries: Sequence[Entry]) -> Server | None:
    address = settings.text("redis.addr")
    if not address:
        return None
    url = parse_address(address, settings.origin("redis.addr"))
    username = url.username or settings.text("redis.user")
    if url.password:
        return Server(url, username, url.password)
    if variable := invocation.variable_of("REDIS_PASSWORD"):
        return Server(url, username, variable=variable)
    if password := settings.text("redis.password"):
        return Server(url, username, Secret(password))
    # The file is looked up by the address as a whole, the user included.
    for entry in entries:
        if entry.url.address == url.address and entry.url.username == username:
            return Server(url, username, entry.password)
    return Server(url, username)


def _of_entry(entry: Entry, settings: Settings) -> Server:
    return Server(entry.url, entry.url.username or settings.text("redis.user"), entry.password)


def _is_same(entry: Entry, main: Server) -> bool:
    return entry.url.address.instance == main.url.address.instance


def _access(server: Server, settings: Settings, invocation: Invocation) -> tuple[dict[str, Any], Piece]:
    """User, password and TLS as keys, and the file of the password."""
    keys: dict[str, Any] = {}
    files = Piece()
    if server.username:
        keys["username"] = server.username
    if server.variable:
        keys["password_env"] = server.variable
    elif server.password:
        keys["password_file"], files = secret_file(f"redis-{server.url.address.instance}", server.password)
    if server.url.address.tls and (tls := _tls(settings, invocation)):
        keys["tls"] = tls
    return keys, files


def _tls(settings: Settings, invocation: Invocation) -> dict[str, Any]:
    tls: dict[str, Any] = {
        key: str(invocation.path(settings.text(flag)))
        for flag, key in _TLS_FLAGS.items()
        if settings.text(flag)
    }
    if name := settings.text("tls-server-name"):
        tls["server_name"] = name
    if settings.is_on("skip-tls-verification"):
        tls["insecure_skip_verify"] = True
    return tls


def _tls_remarks(settings: Settings, servers: Sequence[Server]) -> Piece:
    given = [name for name in (*_TLS_FLAGS, *_OTHER_TLS_FLAGS) if settings.differs(name)]
    if not given or any(server.url.address.tls for server in servers):
        return Piece()
    names = ", ".join(settings.origin(name) for name in given)
    return Piece(
        differs=(f"{names}: without effect, there and here, where no address begins with rediss://",)
    )


def _target_pieces(servers: Sequence[Server], settings: Settings, invocation: Invocation) -> Sequence[Piece]:
    targets: list[dict[str, Any]] = []
    pieces: list[Piece] = []
    for server in servers:
        keys, files = _access(server, settings, invocation)
        targets.append({"url": str(server.url.address), **keys})
        pieces += [files, Piece(found=(_sentence(server),))]
    return [Piece({"targets": targets}), *pieces] if targets else []


def _cluster_piece(server: Server, settings: Settings, invocation: Invocation) -> Piece:
    keys, files = _access(server, settings, invocation)
    return Piece(
        {"discovery": {"cluster": [{"urls": [str(server.url.address)], **keys}]}},
        files.files,
        files.private,
        found=(f"the cluster of {_sentence(server)}",),
        differs=(
            "--is-cluster: every node of the cluster is watched, each with the labels instance and cluster, "
            "and keys are asked for on each",
        ),
    )


def _sentence(server: Server) -> str:
    user = f" as {server.username}" if server.username else ""
    if server.variable:
        return f"{server.url}{user}, with the password in ${server.variable}"
    return f"{server.url}{user}, {'with' if server.password else 'without'} a password"
