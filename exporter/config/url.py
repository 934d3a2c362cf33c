"""URLs of Redis servers.

Forms: https://www.iana.org/assignments/uri-schemes/prov/redis, and `unix://` for sockets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from exporter.model.secret import Secret
from exporter.model.target import Address

_TLS_BY_SCHEME: Final = {"redis": False, "valkey": False, "rediss": True, "valkeys": True}
DEFAULT_PORT: Final = 6379


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """Where a server is, and the credentials that its URL carried."""

    address: Address
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))

    def __str__(self) -> str:
        return str(self.address)


def parse_server_url(text: str) -> ServerUrl:
    """The parts of a URL; `host:port` alone is taken for `redis://host:port`.

    Raises `ValueError` with a sentence that never holds a password.
    """
    if "://" not in text:
        text = f"redis://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL: the port must be a number from 1 to 65535") from None
    query = parse_qs(parts.query)
    username, password = unquote(parts.username or ""), Secret(unquote(parts.password or ""))
    if parts.scheme == "unix":
        return ServerUrl(_socket_address(unquote(parts.path), query), username, password)
    if parts.scheme not in _TLS_BY_SCHEME:
        raise ValueError("must begin with redis://, rediss:// (TLS), valkey://, valkeys:// or unix://")
    if not parts.hostname:
        raise ValueError("has no host: write redis://host:6379")
    if port == 0:
        raise ValueError("is not a URL: the port must be a number from 1 to 65535")
    address = Address(
        host=parts.hostname,
        port=port or DEFAULT_PORT,
        database=_database(parts.path.strip("/") or _first(query, "db")),
        tls=_TLS_BY_SCHEME[parts.scheme],
    )
    return ServerUrl(address, username, password)


def _socket_address(path: str, query: Mapping[str, list[str]]) -> Address:
    if not path.startswith("/"):
        raise ValueError("must name the socket by its full path: unix:///run/redis.sock")
    return Address(path=path, database=_database(_first(query, "db")))


def _first(query: Mapping[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]


def _database(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal()) or int(text) > 65_535:
        raise ValueError("the database after the host must be a number: redis://host:6379/0")
    return int(text)
