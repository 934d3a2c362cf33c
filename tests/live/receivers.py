"""A Slack endpoint and a mailbox that speak the real protocols and keep what they get."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers import free_port


@dataclass(slots=True)
class Hook:
    """An HTTP endpoint and the bodies that were posted to it (JSON decoded), with their paths."""

    url: str
    bodies: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def http_hook() -> Iterator[Hook]:
    """Listens like Slack's incoming webhooks, or anybody's: answers `ok`."""
    hook = Hook("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            hook.paths.append(self.path)
            is_json = "protobuf" not in (self.headers["content-type"] or "")
            hook.bodies.append(json.loads(body) if is_json else body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok" if is_json else b"")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        hook.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()


@dataclass(slots=True)
class Inbox:
    """A mailbox behind SMTP with STARTTLS and AUTH."""

    port: int
    ca_file: Path
    username: str = "vigil@example.com"
    password: str = "smtp-pa55"
    messages: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Keep one message."""
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"


@contextmanager
def inbox(directory: Path) -> Iterator[Inbox]:
    """Listens for mail; refuses to take any without TLS and the right password."""
    authority = trustme.CA()
    ca_file = directory / "smtp-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    box = Inbox(free_port(), ca_file)

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        wanted = (box.username.encode(), box.password.encode())
        good = isinstance(data, LoginPassword) and (data.login, data.password) == wanted
        return AuthResult(success=good, handled=good)

    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
