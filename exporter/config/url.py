"""URLs of Redis servers.

Forms: https://www.iana.org/assignments/uri-schemes/prov/redis, and `unix://` for sockets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from exporter.config.url_problems import check_server_url
from exporter.model.secret import Secret
from exporter.model.target import Address

_TLS_SCHEMES: Final = ("rediss", "valkeys")
DEFAULT_PORT: Final = 6379


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """The address of a server, and the credentials that its URL carried."""

    address: Address
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    names_database: bool = field(default=False, compare=False)
    """Whether it says which database, also where that is 0."""

    def __str__(self) -> str:
        return str(self.address)


def parse_server_url(text: str) -> ServerUrl:
    """The parts of a URL; `host:port` alone is taken for `redis://host:port`.

    Raises `ValueError` with a sentence that never holds a password.
    """
    check_server_url(text)
    if "://" not in text:
        text = f"redis://{text}"
    parts = urlsplit(text)
    query = parse_qs(parts.query)
    username, password = unquote(parts.username or ""), Secret(unquote(parts.password or ""))
    if parts.scheme == "unix":
        named = bool(_first(query, "db"))
        return ServerUrl(_socket_address(unquote(parts.path), query), username, password, named)
    assert parts.hostname
    database = parts.path.strip("/") or _first(query, "db")
    address = Address(
        host=parts.hostname,
        port=parts.port or DEFAULT_PORT,
        database=_database(database),
        tls=parts.scheme in _TLS_SCHEMES,
    )
    return ServerUrl(address, username, password, bool(database))


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
