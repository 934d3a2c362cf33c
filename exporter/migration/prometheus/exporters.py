"""What exporters know and a prometheus.yml does not: which server each asks, and with which password."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exporter.config.redis_exporter import Entry, password_of, read_password_file
from exporter.config.url import ServerUrl, parse_server_url
from exporter.errors import UsageError
from exporter.model.secret import Secret

_EXAMPLE: Final = "--exporter cache-1:9121=redis://cache-1:6379"


@dataclass(slots=True)
class Exporters:
    """Servers by the address of the exporter that asks them, and the entries of their password file."""

    urls: Mapping[str, ServerUrl] = field(default_factory=dict)
    passwords: Sequence[Entry] = ()
    used: set[str] = field(default_factory=set)

    @classmethod
    def parse(cls, pairs: Iterable[str], password_file: Path | None = None) -> "Exporters":
        """From `address=URL` each, and redis_exporter's password file; raises `UsageError`."""
        urls = {}
        for pair in pairs:
            address, separator, url = pair.partition("=")
            if not separator or not address:
                raise UsageError(f"--exporter must be an address and a URL, such as {_EXAMPLE}")
            try:
                urls[address.strip()] = parse_server_url(url.strip())
            except ValueError as error:
                raise UsageError(f"--exporter {address}: the server's URL {error}") from None
        return cls(urls, _passwords(password_file) if password_file else ())

    def find(self, address: str) -> ServerUrl | None:
        """The server behind an exporter, where it was told."""
        url = self.urls.get(address)
        if url is not None:
            self.used.add(address)
        return url

    def password_of(self, url: ServerUrl) -> Secret:
        """The password of a server; that of its URL comes first."""
        return url.password or password_of(self.passwords, url, url.username)

    def check_used(self) -> None:
        """Raises `UsageError` for an exporter that no job asks."""
        if unused := [address for address in self.urls if address not in self.used]:
            raise UsageError(f"--exporter {unused[0]}: no job of this file that is taken asks it")


def _passwords(path: Path) -> Sequence[Entry]:
    try:
        return read_password_file(path, "--password-file")
    except OSError as error:
        raise UsageError(f"--password-file {path}: cannot be read: {error.strerror}") from None


def host_of(address: str) -> str:
    """The host of `host:port`, with brackets where it is IPv6."""
    host, separator, port = address.rpartition(":")
    return host if separator and port.isdecimal() else address


def server_beside(address: str) -> ServerUrl | None:
    """The server that runs where the exporter does, by the usual port; None for what is no address."""
    try:
        return parse_server_url(f"redis://{host_of(address)}:6379")
    except ValueError:
        return None
