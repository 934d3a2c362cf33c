"""The way into a running daemon by HTTP, for commands that ask it."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from exporter.config.web import check_http_url
from exporter.errors import UsageError

# Between two pieces of an answer.
_TIMEOUT_SECONDS: Final = 120.0
_CONNECT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class DaemonAccess:
    """What the command line says of the daemon: where it is, and how to get in."""

    url: str | None
    user: str | None = None
    password_file: Path | None = None
    tls_ca: Path | None = None
    insecure: bool = False

    def client(self) -> httpx.Client:
        """Return a client whose requests are to paths of the daemon. Raises `UsageError`."""
        url, auth = self._place()
        return httpx.Client(
            base_url=url,
            auth=auth,
            verify=self._context(),
            timeout=httpx.Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=False,
        )

    def _place(self) -> tuple[str, tuple[str, str] | None]:
        """The URL without name and password, and these."""
        try:
            parts = urlsplit(check_http_url(self.url or ""))
        except ValueError as error:
            raise UsageError(f"--url {error}") from None
        if not parts.hostname:
            raise UsageError("--url must be a URL that begins with http:// or https://")
        credentials, _, host = parts.netloc.rpartition("@")
        name, _, password = credentials.partition(":")
        user = self.user if self.user is not None else unquote(name)
        file = self.password_file
        password = unquote(password) if file is None else self._password(file)
        bare = urlunsplit((parts.scheme, host, parts.path, "", ""))
        return bare, (user, password) if user else None

    @staticmethod
    def _password(file: Path) -> str:
        try:
            return file.read_text().rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise UsageError(f"--password-file {file} cannot be read: {reason}") from None

    def _context(self) -> ssl.SSLContext | bool:
        if self.insecure:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return context
        if self.tls_ca is None:
            return True
        try:
            return ssl.create_default_context(cafile=str(self.tls_ca))
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"--tls-ca {self.tls_ca} cannot be used: {error.strerror or error}") from None
