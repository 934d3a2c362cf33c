"""A real SMTP server (aiosmtpd) with STARTTLS, TLS from the start and AUTH, that keeps what it is sent."""

import asyncio
import hmac
import ssl
import warnings
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class MailServer:
    """Listens on a port of its own. Replies such as `rcpt="451 4.7.1 greylisted"` stand in for success."""

    def __init__(
        self,
        *,
        starttls: ssl.SSLContext | None = None,
        implicit_tls: ssl.SSLContext | None = None,
        user: str = "",
        password: str = "",
        rcpt: dict[str, str] | str = "",
        data: str = "",
        mail: str = "",
        hangs: bool = False,
        only_cram_md5: bool = False,
    ) -> None:
        self._starttls = starttls
        self._implicit_tls = implicit_tls
        self._user = user
        self._password = password
        self.rcpt = rcpt
        self.data = data
        self.mail = mail
        self._hangs = hangs
        if only_cram_md5:
            # aiosmtpd offers each mechanism that it finds a method for.
            self.auth_CRAM__MD5 = self._answer_cram_md5
        self._only_cram_md5 = only_cram_md5
        self._server: asyncio.Server | None = None
        self.envelopes: list[Envelope] = []
        self.sessions: list[Session] = []
        self.mechanisms: list[str] = []

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [_parse(envelope) for envelope in self.envelopes]

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._make, "127.0.0.1", 0, ssl=self._implicit_tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.sleep(0.01)
        await self._server.wait_closed()

    def _make(self) -> SMTP:
        with warnings.catch_warnings(action="ignore"):
            return self._make_protocol()

    def _make_protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname="mail.example.com",
            tls_context=self._starttls,
            require_starttls=self._starttls is not None,
            auth_required=bool(self._user),
            auth_require_tls=self._starttls is not None,
            authenticator=self._authenticate if self._user else None,
            auth_exclude_mechanism=("LOGIN", "PLAIN") if self._only_cram_md5 or not self._user else (),
            loop=asyncio.get_running_loop(),
            timeout=20,
        )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, credentials: Any
    ) -> AuthResult:
        self.mechanisms.append(mechanism)
        assert isinstance(credentials, LoginPassword)
        good = credentials == LoginPassword(self._user.encode(), self._password.encode())
        return AuthResult(success=good, handled=good)

    async def _answer_cram_md5(self, server: SMTP, _: list[str]) -> AuthResult:
        """Source: RFC 2195."""
        challenge = b"<1896.697170952@mail.example.com>"
        answer = await server.challenge_auth(challenge)
        digest = hmac.new(self._password.encode(), challenge, "md5").hexdigest()
        self.mechanisms.append("CRAM-MD5")
        return AuthResult(success=answer == f"{self._user} {digest}".encode(), handled=False)

    async def handle_EHLO(  # noqa: N802  # aiosmtpd finds its hooks by name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        if self._hangs:
            await asyncio.sleep(60)
        session.host_name = hostname
        self.sessions.append(session)
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail:
            return self.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.rcpt if isinstance(self.rcpt, str) else self.rcpt.get(address, "")
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data:
            return self.data
        self.envelopes.append(envelope)
        return "250 Message accepted for delivery"


def _parse(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message
