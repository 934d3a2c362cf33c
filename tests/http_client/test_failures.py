"""Why a request got no answer, in words that no library would use; against real sockets."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from exporter.config.alertmanager.http import HttpConfig
from exporter.config.discovery import HttpSection
from exporter.discovery.http import HttpSource
from exporter.errors import DiscoveryError, NotifyError
from exporter.notify.transport import ReceiverTransport

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
# Names of classes and modules, constants of OpenSSL, numbers of errors.
_JARGON = re.compile(r"[a-z]Error\b|Exception|_ssl\.c|\[SSL|[A-Z]+_[A-Z]+|Errno|bytearray|attempts failed|<")


def answers(reply: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(reply)
        await writer.drain()
        writer.close()

    return serve


async def both(url: str, tls: dict[str, str]) -> tuple[str, str]:
    """What a receiver and a source of servers say of it."""
    config = HttpConfig.model_validate({"tls_config": tls})
    with pytest.raises(NotifyError) as sent:
        await ReceiverTransport(config, "webhook", 20).post(url, b"{}", {})
    with pytest.raises(DiscoveryError) as found:
        await HttpSource(HttpSection.model_validate({"url": url})).find()
    return str(sent.value), str(found.value)


def told(
    serve: Serve | None,
    scheme: str = "http",
    tls: dict[str, str] | None = None,
    own: ssl.SSLContext | None = None,
) -> tuple[str, str]:
    async def story() -> tuple[str, str]:
        server = await asyncio.start_server(serve or answers(b""), "127.0.0.1", 0, ssl=own)
        port = server.sockets[0].getsockname()[1]
        if serve is None:
            server.close()
            await server.wait_closed()
        try:
            sent, found = await both(f"{scheme}://127.0.0.1:{port}/", tls or {})
        finally:
            server.close()
        assert not _JARGON.search(sent), sent
        assert not _JARGON.search(found), found
        return sent.removeprefix(f"webhook: 127.0.0.1:{port}: "), found.removeprefix("no answer: ")

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("serve", "scheme", "expected"),
    [
        (None, "http", "cannot connect: Connection refused"),
        (answers(b""), "http", "the connection was closed without an answer"),
        (answers(b"220 mail\r\n\r\n"), "http", "what answers does not speak HTTP"),
        (
            answers(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab"),
            "http",
            "the connection was closed within the answer",
        ),
        (answers(b""), "https", "TLS failed: the other side closed the connection in the handshake"),
        (
            answers(b"HTTP/1.1 400 Bad\r\n\r\n"),
            "https",
            "TLS failed: the other side does not speak TLS at this port",
        ),
    ],
)
def test_no_answer(serve: Serve | None, scheme: str, expected: str) -> None:
    assert told(serve, scheme) == (expected, expected)


def test_a_name_that_is_none() -> None:
    sent, found = asyncio.run(both("http://nobody.invalid/", {}))
    assert sent.startswith("webhook: nobody.invalid: the name is not found: ")
    assert found.startswith("no answer: the name is not found: ")


def test_certificates_that_are_not_trusted(tmp_path: Path) -> None:
    authority = trustme.CA()
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("redis.example").configure_cert(ours)
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    sent, found = told(answers(b""), "https", {"ca_file": str(ca)}, ours)
    assert sent == (
        "TLS failed: IP address mismatch, certificate is not valid for '127.0.0.1': set server_name to a "
        "name that it has"
    )
    assert found == (
        "TLS failed: unable to get local issuer certificate: name the authority that signed it in ca_file"
    )


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        ({"ca_file": "{}"}, "{}: no certificates: it holds no certificate in PEM format"),
        ({"ca": "nonsense"}, "ca: no certificates: it holds no certificate in PEM format"),
        (
            {"cert_file": "{}", "key_file": "{}"},
            "{}: no certificate with its key: both have to be in PEM format, and the key not encrypted",
        ),
    ],
)
def test_files_that_hold_something_else(tls: dict[str, str], expected: str, tmp_path: Path) -> None:
    file = tmp_path / "file.pem"
    file.write_text("nonsense")
    named = {key: value.format(file) for key, value in tls.items()}
    transport = ReceiverTransport(HttpConfig.model_validate({"tls_config": named}), "webhook", 20)
    with pytest.raises(NotifyError) as caught:
        asyncio.run(transport.post("https://127.0.0.1:1/", b"{}", {}))
    assert str(caught.value) == f"webhook: 127.0.0.1:1: {expected.format(file)}"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1:1/x", "redirected to 127.0.0.1:1: cannot connect: Connection refused"),
        ("ftp://elsewhere/x", "redirected to elsewhere: the URL has to begin with http:// or https://"),
        ("/same", "more than 10 redirects"),
    ],
)
def test_who_gives_no_answer_behind_a_redirect_is_named(location: str, reason: str) -> None:
    reply = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    assert told(answers(reply.encode())) == (reason, reason)
