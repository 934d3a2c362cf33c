"""Delivery of a mail to a server by SMTP, with STARTTLS or implicit TLS, and AUTH."""

import asyncio
import base64
import os
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiosmtplib

from exporter.connection.causes import chain, system_text, tls_text
from exporter.connection.names import is_name, name_of
from exporter.errors import NotifyError
from exporter.http_client.echoes import hide
from exporter.http_client.tls import TlsContexts
from exporter.log import get_logger
from exporter.model.secret import Secret
from exporter.notify.secrets import reveal

_COMMAND_TIMEOUT_SECONDS: Final = 20.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# Methods of AUTH that send the password readable.
_READABLE: Final = frozenset({"PLAIN", "LOGIN"})
_LONGEST_REPLY: Final = 300
_SHORTEST_SECRET: Final = 3

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SmtpCredentials:
    """Credentials at the mail server; without a user name there is no AUTH."""

    username: str = ""
    identity: str = ""
    password: Secret | None = None
    password_file: Path | None = None
    secret: Secret | None = None
    secret_file: Path | None = None


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server, and how to talk to it. `require_tls` does not count where TLS begins at once.

    `auth_without_tls`: whether a password may be sent readable, to other machines, too.
    """

    host: str
    port: int
    hello: str
    implicit_tls: bool
    require_tls: bool
    server_name: str
    tls: TlsContexts
    credentials: SmtpCredentials
    auth_without_tls: bool = False

    async def deliver(self, sender: str, recipients: Sequence[str], message: bytes) -> None:
        """Hand over one mail; raises `NotifyError`. A reply of 4xx is worth a retry, one of 5xx is final.

        A recipient whom the server refuses for good does not keep the others from their mail; one whom it
        refuses for now does, since a retry would bring the others the mail twice.
        """
        with _translated(self._name, self._readable_secrets):
            client = aiosmtplib.SMTP(
                local_hostname=self.hello, start_tls=False, timeout=_COMMAND_TIMEOUT_SECONDS
            )
            try:
                await self._connect(client)
                await self._send(client, sender, recipients, message)
            finally:
                await _hang_up(client)

    def _readable_secrets(self) -> Mapping[str, str]:
        """What a reply may repeat of what it was sent, and is not to show."""
        own = self.credentials
        password = reveal(own.password, own.password_file)
        packed = [base64.b64encode(text.encode()).decode() for text in (password, self._plain(password))]
        texts = (password, reveal(own.secret, own.secret_file), *packed)
        return {text: "<secret>" for text in texts if len(text) > _SHORTEST_SECRET}

    def _plain(self, password: str) -> str:
        """What AUTH PLAIN sends (RFC 4616)."""
        return f"{self.credentials.identity}\0{self.credentials.username}\0{password}"

    @property
    def _name(self) -> str:
        return f"email: {self.host}:{self.port}"

    async def _connect(self, client: aiosmtplib.SMTP) -> None:
        encrypted = self.implicit_tls
        context = await self._context() if encrypted else None
        connection = await _open_socket(self.host, self.port)
        # aiosmtplib checks the certificate against `hostname`, which may differ from the socket's address.
        await client.connect(
            hostname=self.server_name, sock=connection, use_tls=encrypted, tls_context=context
        )
        await client.ehlo()
        if self.require_tls and not encrypted:
            await self._start_tls(client)
            encrypted = True
        await self._authenticate(client, encrypted=encrypted)

    async def _context(self) -> ssl.SSLContext:
        try:
            return await self.tls.get()
        except ValueError as error:
            raise NotifyError(f"{self._name}: {error}", retryable=True) from None

    async def _start_tls(self, client: aiosmtplib.SMTP) -> None:
        if not client.supports_extension("starttls"):
            raise NotifyError(
                f"{self._name}: require_tls is true (the default), but the server does not offer STARTTLS",
                retryable=True,
            )
        await client.starttls(tls_context=await self._context(), server_hostname=self.server_name)
        await client.ehlo()

    async def _authenticate(self, client: aiosmtplib.SMTP, *, encrypted: bool) -> None:
        """Authenticate by the first method of the server's list that we have a secret for."""
        own = self.credentials
        offered = client.server_auth_methods
        if not own.username or not offered:
            return
        secret = reveal(own.secret, own.secret_file)
        password = reveal(own.password, own.password_file)
        shows_password = False
        for method in (name.upper() for name in offered):
            if method == "CRAM-MD5" and secret:
                await client.auth_crammd5(own.username, secret)
                return
            if method not in _READABLE or not password:
                continue
            if self._may_show_password(encrypted):
                await self._auth_readable(client, method, password)
                return
            shows_password = True
        if shows_password:
            raise NotifyError(
                f"{self._name}: the password is not sent over a connection that is not encrypted "
                "(alerting.smtp_auth_without_tls allows it)",
                retryable=False,
                kind="clientError",
            )
        raise NotifyError(
            f"{self._name}: there is neither a password nor a secret for what the server offers: "
            f"{', '.join(offered).upper()}",
            retryable=False,
            kind="clientError",
        )

    def _may_show_password(self, encrypted: bool) -> bool:
        return encrypted or self.auth_without_tls or self.host in _LOOPBACK

    async def _auth_readable(self, client: aiosmtplib.SMTP, method: str, password: str) -> None:
        """Authenticate by a method that sends the password readable."""
        if method == "LOGIN":
            await client.auth_login(self.credentials.username, password)
            return
        # aiosmtplib does not support an identity.
        text = base64.b64encode(self._plain(password).encode())
        response = await client.execute_command(b"AUTH", b"PLAIN", text)
        if response.code != 235:
            raise aiosmtplib.SMTPAuthenticationError(response.code, response.message)

    async def _send(
        self, client: aiosmtplib.SMTP, sender: str, recipients: Sequence[str], message: bytes
    ) -> None:
        options = []
        if not all(address.isascii() for address in (sender, *recipients)):
            options = ["SMTPUTF8"]
        encoding = "utf-8" if options else "ascii"
        await client.mail(sender, options=options, encoding=encoding)
        refusals: list[aiosmtplib.SMTPRecipientRefused] = []
        for recipient in recipients:
            try:
                await client.rcpt(recipient, encoding=encoding)
            except aiosmtplib.SMTPRecipientRefused as error:
                if error.code < 500:
                    raise
                refusals.append(error)
        if len(refusals) == len(recipients):
            raise refusals[0]
        for refusal in refusals:
            _log.warning("a recipient of mails is refused", server=self._name, reply=_shown(refusal.message))
        await client.data(message)


async def _open_socket(host: str, port: int) -> socket.socket:
    """Connect to the first address of a host that accepts; raises `OSError`."""
    loop = asyncio.get_running_loop()
    addresses: Sequence[str] = (host,)
    name = name_of(host, "receivers") if is_name(host) else None
    if name is not None:
        addresses = await name.to_connect(port, _COMMAND_TIMEOUT_SECONDS / 2)
    failure = OSError("the host has no address")
    for address in addresses:
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(_COMMAND_TIMEOUT_SECONDS / len(addresses)):
                await loop.sock_connect(connection, (address, port))
        except OSError as error:
            connection.close()
            failure = error if isinstance(error, TimeoutError) else OSError(_no_connection(error))
        except BaseException:
            connection.close()
            raise
        else:
            if name is not None:
                name.reached[port] = address
            return connection
    raise failure


def _no_connection(error: OSError) -> str:
    return f"cannot connect: {os.strerror(error.errno) if error.errno else error}"


async def _hang_up(client: aiosmtplib.SMTP) -> None:
    """Send QUIT if the connection is still open; the mail has been accepted, or has not."""
    with suppress(aiosmtplib.SMTPException, OSError):
        if client.is_connected:
            await client.quit(timeout=2.0)
    client.close()


@contextmanager
def _translated(name: str, secrets: Callable[[], Mapping[str, str]]) -> Iterator[None]:
    """Translate errors of aiosmtplib; none of ours shows what was sent, and what of it may be repeated."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        if error.code < 0:
            # The error's text would show the first line that was sent.
            raise NotifyError(f"{name}: the server does not speak SMTP", retryable=True) from None
        retryable = error.code < 500
        raise NotifyError(
            f"{name}: {error.code} {_shown(hide(error.message, secrets()))}",
            retryable=retryable,
            kind="serverError" if retryable else "clientError",
        ) from None
    except (aiosmtplib.SMTPTimeoutError, TimeoutError):
        raise NotifyError(
            f"{name}: no reply in time", retryable=True, kind="contextDeadlineExceeded"
        ) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotifyError(f"{name}: {_shown(_reason(error))}", retryable=True) from None
    except ValueError as error:
        raise NotifyError(f"{name}: {_shown(str(error))}", retryable=False) from None


def _reason(error: BaseException) -> str:
    for cause in chain(error):
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {tls_text(cause)}"
    if isinstance(error, aiosmtplib.SMTPServerDisconnected | ConnectionError):
        return "the server closed the connection"
    if isinstance(error, socket.gaierror):
        return f"the name is not found: {system_text(error)}"
    return system_text(error) if isinstance(error, OSError) else str(error) or "the connection broke"


def _shown(reply: str) -> str:
    """Return a reply on one line."""
    printable = "".join(char if char.isprintable() else " " for char in reply)
    return " ".join(printable.split())[:_LONGEST_REPLY]
