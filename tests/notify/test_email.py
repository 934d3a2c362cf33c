"""Mails to a real SMTP server."""

import asyncio
import contextlib
import json
import ssl
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.config.alertmanager.email import EmailConfig
from exporter.errors import NotifyError
from exporter.gotemplate.alertmanager import notification_functions
from exporter.notify.data import notification_data
from exporter.notify.email_headers import format_header, parse_addresses
from exporter.notify.email_message import EmailMessages, thread_root
from exporter.notify.notification import Notification
from exporter.notify.template import Rendering, TemplateCompiler, load_templates
from tests.notify.mail_server import MailServer
from tests.notify.samples import HOSTILE, NOW, alert, make, notification

_PLAIN = {"to": "ops@example.com", "from": "vigil@example.com", "require_tls": False}


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str]:
    """A certificate authority, and the file with its certificate."""
    made = trustme.CA()
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    made.cert_pem.write_to_path(file)
    return made, str(file)


async def deliver(server: MailServer, *sent: Notification, **entry: Any) -> None:
    """Send by an entry of email_configs that differs from a plain one in these fields."""
    config = {**_PLAIN, "smarthost": server.address, **entry}
    integration = make(json.dumps({"email_configs": [config]}, ensure_ascii=False)[1:-1])
    for one in sent or (notification(),):
        await integration.send(one)


def mail(*sent: Notification, **entry: Any) -> EmailMessage:
    """The mail that arrives."""

    async def run() -> EmailMessage:
        async with MailServer() as server:
            await deliver(server, *sent, **entry)
            (message,) = server.messages
            return message

    return asyncio.run(run())


def refusal(server: MailServer, *sent: Notification, **entry: Any) -> NotifyError:
    """The error with which sending fails."""

    async def run() -> NotifyError:
        async with server:
            with pytest.raises(NotifyError) as caught:
                await deliver(server, *sent, **entry)
            assert not server.envelopes
            return caught.value

    return asyncio.run(run())


def part(message: EmailMessage, kind: str) -> str:
    (found,) = [part for part in message.walk() if part.get_content_type() == kind]
    assert isinstance(found, EmailMessage)
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


class TestMessage:
    def test_a_mail_has_the_headers_of_the_configuration(self) -> None:
        message = mail()
        assert message["Subject"] == "[FIRING:1] Down (a:1 redis)"
        assert message["To"] == "ops@example.com"
        assert message["From"] == "vigil@example.com"
        assert message["Date"].datetime.timestamp() == NOW
        assert message["Message-Id"].startswith(f"<{int(NOW * 1e9)}.")
        assert message["Mime-Version"] == "1.0"
        assert message["References"] is None
        assert message.get_content_type() == "multipart/alternative"

    def test_own_headers(self) -> None:
        message = mail(
            headers={
                "subject": "{{ .Status }} é",
                "X-Team": "ops",
                "From": "Vigil <v@example.com>",
                "Content-Type": "text/evil",
                "message-id": "<mine@example.com>",
                "Reply-To": "{{ .Nope }}",
            }
        )
        assert message["Subject"] == "firing é"
        assert message["X-Team"] == "ops"
        assert message["From"] == "Vigil <v@example.com>"
        assert message["Message-Id"] == "<mine@example.com>"
        assert message.get_all("Content-Type") == [message["Content-Type"]]
        assert message.get_content_type() == "multipart/alternative"

    def test_html_alone(self) -> None:
        message = mail()
        assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/html"]
        page = part(message, "text/html")
        assert "1 alert for" in page
        assert '<a href="http://p.example/graph?g0.expr=up&amp;g0.tab=1"' in page

    def test_text_before_html(self) -> None:
        message = mail(text='{{ template "__text_alert_list" .Alerts }}', html="<p>{{ .Status }}</p>")
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert part(message, "text/plain") == (
            "Labels:\n - alertname = Down\n - instance = a:1\n - job = redis\n"
            "Annotations:\n - runbook = https://r.example/?a=1&b=2\n - summary = a:1 is down\n"
            "Source: http://p.example/graph?g0.expr=up&g0.tab=1\n"
        )
        assert part(message, "text/html") == "<p>firing</p>\n"

    def test_text_alone(self) -> None:
        message = mail(text="é ✓ \U0001f525", html="")
        assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain"]
        assert part(message, "text/plain") == "é ✓ \U0001f525\n"

    def test_lines_of_any_length_and_leading_dots_survive(self) -> None:
        text = ".\n..\n" + "x" * 5000 + "\n.end\n"
        assert part(mail(text=text, html=""), "text/plain") == text

    def test_a_mail_goes_to_every_recipient_of_the_list(self) -> None:
        async def run() -> None:
            async with MailServer() as server:
                await deliver(server, to='Ops <ops@example.com>, "b, c" <b@example.com>,d@example.com')
                assert server.envelopes[0].rcpt_tos == ["ops@example.com", "b@example.com", "d@example.com"]
                assert server.envelopes[0].mail_from == "vigil@example.com"
                assert server.sessions[0].host_name == "localhost"
                await deliver(server, hello="me.example.com", to="{{ .CommonLabels.job }}@example.com")
                assert server.sessions[1].host_name == "me.example.com"
                assert server.envelopes[1].rcpt_tos == ["redis@example.com"]

        asyncio.run(run())


class TestThreading:
    def test_mails_about_a_group_answer_the_same_mail(self) -> None:
        async def run() -> None:
            async with MailServer() as server:
                threading = {"enabled": True, "thread_by_date": "daily"}
                first, second = notification(), notification(alert("b:2"), now=NOW + 60)
                await deliver(server, first, second, threading=threading)
                roots = [(message["References"], message["In-Reply-To"]) for message in server.messages]
                assert roots == [(thread_root(first, daily=True),) * 2] * 2
                assert len({message["Message-Id"] for message in server.messages}) == 2

        asyncio.run(run())

    def test_ids_are_alertmanagers(self) -> None:
        assert thread_root(notification(), daily=True) == "<alert-af94c9e8f6a30436-2024-01-02@alertmanager>"
        assert thread_root(notification(), daily=False) == "<alert-af94c9e8f6a30436-@alertmanager>"


_PIECES = [
    *'@<>,;:"()[].\\a= \t\x00é',
    "=?utf-8?q?",
    "=?utf-8?b?YQ0KQjogeA==?=",
    "=0D=0A",
    "?=",
    "\r\n",
    "Bcc: x@y.z",
]
_ANY_TEXT = st.text(max_size=80) | st.lists(st.sampled_from(_PIECES), max_size=15).map("".join)


class TestInjection:
    def test_headers_stay_on_their_line(self) -> None:
        message = mail(
            notification(alert(x=HOSTILE)), headers={"Subject": "{{ .CommonLabels.x }}", "X-Y": HOSTILE}
        )
        assert message["Bcc"] is None
        assert "Bcc: evil@example.com" in message["Subject"]
        assert message["X-Y"].strip() == message["Subject"].strip()

    def test_recipients_cannot_be_added(self) -> None:
        async def run() -> None:
            async with MailServer() as server:
                evil = notification(alert(x="a@b>\r\nRCPT TO:<evil@example.com"))
                await deliver(server, evil, to="ops@example.com, <{{ .CommonLabels.x }}>")
                assert "evil@example.com" not in server.envelopes[0].rcpt_tos

        asyncio.run(run())

    def test_page_holds_text_as_text(self) -> None:
        evil = "</title><script>alert(1)</script><img src=x onerror=y> \"'&"
        bad = alert(x=evil)
        page = part(mail(notification(bad, group={"x": evil})), "text/html")
        assert "<script>" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page

    @settings(max_examples=300, deadline=None)
    @given(text=_ANY_TEXT, name=st.sampled_from(["Subject", "To", "From", "X-Own", "Reply-To", "Date"]))
    @example(text="a\r\nBcc: x@y\r\n\r\nbody", name="To")
    @example(text="=?utf-8?q?a=0D=0ABcc:_x?=", name="Subject")
    @example(text='"=?utf-8?q?a=0D=0ABcc:_x?=" <a@b>', name="To")
    @example(text="=?utf-8?b?YQ0KQmNjOiB4?= =?utf-8?q?a=0D=0ABcc:_x?=", name="X-Own")
    def test_any_text_makes_one_header(self, text: str, name: str) -> None:
        config = EmailConfig(
            to="ops@example.com", headers={name: "{{ .CommonLabels.x }}"}, html="", text="end"
        )
        compiler = TemplateCompiler(load_templates())
        sent = notification(alert(x=text))
        rendering = Rendering(notification_data(sent), notification_functions(lambda: NOW))
        raw = EmailMessages(config, compiler).build(sent, rendering)
        head, _, body = raw.partition(b"\r\n\r\n")
        assert b"\r\n\r\nend\r\n" in body
        names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] not in b" \t"]
        assert set(names) <= {
            "Subject",
            "To",
            "From",
            name,
            "Date",
            "Message-Id",
            "MIME-Version",
            "Content-Type",
        }
        assert len(names) == len(set(names))


class TestFaultyTemplates:
    def test_message_is_delivered_with_the_fault_inside(self) -> None:
        message = mail(
            headers={"Subject": "{{ .Nope }}"}, html="<p>{{ index .Alerts 9 }}</p>", text="{{ .Nope }}"
        )
        assert message["Subject"] == (
            "[FIRING:1] Down (a:1 redis) <error expanding template: "
            "receivers[0].email_configs[0].headers.Subject:1:4: "
            "can't evaluate field Nope in type *template.Data>"
        )
        page = part(message, "text/html")
        assert "1 alert for" in page
        assert (
            "&lt;error expanding template: receivers[0].email_configs[0].html:1:7: error calling index"
            in page
        )
        assert part(message, "text/plain").startswith("<error expanding template: ")

    def test_without_a_recipient_there_is_nothing_to_deliver(self) -> None:
        error = refusal(MailServer(), to="{{ .Nope }}")
        assert not error.retryable
        assert "email: from or to: <error expanding template" in str(error)


class TestTls:
    def test_starttls_and_auth(self, authority: tuple[trustme.CA, str]) -> None:
        ca, file = authority

        async def run() -> None:
            tls = server_context(ca.issue_cert("localhost"))
            async with MailServer(starttls=tls, user="u", password="pä ss") as server:
                await deliver(
                    server,
                    require_tls=True,
                    tls_config={"ca_file": file},
                    auth_username="u",
                    auth_password="pä ss",
                )
                assert server.messages[0]["Subject"] == "[FIRING:1] Down (a:1 redis)"
                assert server.sessions[-1].ssl is not None
                assert server.mechanisms == ["LOGIN"]

        asyncio.run(run())

    def test_is_required_by_default(self) -> None:
        error = refusal(MailServer(), require_tls=None)
        assert str(error).endswith(
            "require_tls is true (the default), but the server does not offer STARTTLS"
        )
        assert error.retryable

    def test_from_the_start(self, authority: tuple[trustme.CA, str]) -> None:
        ca, file = authority

        async def run() -> None:
            async with MailServer(implicit_tls=server_context(ca.issue_cert("localhost"))) as server:
                await deliver(server, force_implicit_tls=True, require_tls=True, tls_config={"ca_file": file})
                assert len(server.messages) == 1

        asyncio.run(run())

    def test_wrong_certificate(self, authority: tuple[trustme.CA, str]) -> None:
        other, (_, file) = trustme.CA(), authority
        for server in (
            MailServer(starttls=server_context(other.issue_cert("localhost"))),
            MailServer(implicit_tls=server_context(other.issue_cert("localhost"))),
        ):
            implicit = server._implicit_tls is not None
            error = refusal(
                server, require_tls=True, force_implicit_tls=implicit, tls_config={"ca_file": file}
            )
            assert "TLS failed: unable to get local issuer certificate" in str(error)
            assert error.retryable

    @pytest.mark.parametrize(
        ("greeting", "expected"),
        [
            (b"", "the server closed the connection"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the server does not speak SMTP"),
            (b"\xff\xfe\r\n", "the server does not speak SMTP"),
            (b"220 " + 100_000 * b"x", "the server does not speak SMTP"),
        ],
    )
    def test_what_is_no_mail_server(self, greeting: bytes, expected: str) -> None:
        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                writer.write(greeting)
                await writer.drain()
            writer.close()

        async def run() -> str:
            async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
                address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
                entry = json.dumps({"email_configs": [{**_PLAIN, "smarthost": address}]})[1:-1]
                with pytest.raises(NotifyError) as caught:
                    await make(entry).send(notification())
                assert caught.value.retryable
                return str(caught.value).removeprefix(f"email: {address}: ")

        assert asyncio.run(run()) == expected

    def test_a_mail_server_without_address(self) -> None:
        entry = json.dumps({"email_configs": [{**_PLAIN, "smarthost": "nobody.invalid:25"}]})[1:-1]
        with pytest.raises(NotifyError, match=r"^email: nobody.invalid:25: the name is not found: \w"):
            asyncio.run(make(entry).send(notification()))

    def test_tls_where_there_is_none(self) -> None:
        error = refusal(MailServer(), force_implicit_tls=True)
        assert str(error).endswith("TLS failed: the other side does not speak TLS at this port")

    def test_certificate_for_another_name(self, authority: tuple[trustme.CA, str]) -> None:
        ca, file = authority

        async def run() -> None:
            tls = server_context(ca.issue_cert("mail.example.com"))
            for server in (MailServer(starttls=tls), MailServer(implicit_tls=tls)):
                implicit = server._implicit_tls is not None
                entry: dict[str, Any] = {"require_tls": True, "force_implicit_tls": implicit}
                async with server:
                    with pytest.raises(NotifyError, match="Hostname mismatch"):
                        await deliver(server, **entry, tls_config={"ca_file": file})
                    named = {"ca_file": file, "server_name": "mail.example.com"}
                    await deliver(server, **entry, tls_config=named)
                    assert len(server.messages) == 1

        asyncio.run(run())


class TestAuth:
    @pytest.mark.parametrize("identity", ["", "other"])
    def test_plain_has_an_identity(self, identity: str) -> None:
        async def run() -> None:
            async with MailServer(user="u", password="p") as server:
                await deliver(server, auth_username="u", auth_password="p", auth_identity=identity)
                assert len(server.messages) == 1

        asyncio.run(run())

    def test_wrong_password_is_final_and_not_shown(self) -> None:
        error = refusal(MailServer(user="u", password="p"), auth_username="u", auth_password="topsecret")
        assert not error.retryable
        assert error.kind == "clientError"
        assert "535" in str(error)
        assert "topsecret" not in str(error)

    def test_password_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "password").write_text("p\n")

        async def run() -> None:
            async with MailServer(user="u", password="p") as server:
                await deliver(server, auth_username="u", auth_password_file=str(tmp_path / "password"))
                assert len(server.messages) == 1

        asyncio.run(run())

    def test_cram_md5(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("s\n")

        async def run() -> None:
            async with MailServer(user="u", password="s", only_cram_md5=True) as server:
                await deliver(server, auth_username="u", auth_secret="s")
                await deliver(server, auth_username="u", auth_secret_file=str(tmp_path / "secret"))
                assert server.mechanisms == ["CRAM-MD5"] * 2
                assert len(server.messages) == 2
                with pytest.raises(NotifyError, match="535"):
                    await deliver(server, auth_username="u", auth_secret="wrong")
                with pytest.raises(NotifyError, match="neither a password nor a secret"):
                    await deliver(server, auth_username="u", auth_password="s")

        asyncio.run(run())

    def test_nothing_for_what_the_server_offers(self) -> None:
        error = refusal(MailServer(user="u", password="p"), auth_username="u")
        assert "there is neither a password nor a secret for what the server offers: " in str(error)
        assert not error.retryable

    def test_server_without_auth_is_not_given_a_password(self) -> None:
        async def run() -> None:
            async with MailServer() as server:
                await deliver(server, auth_username="u", auth_password="p")
                assert len(server.messages) == 1

        asyncio.run(run())


class TestReplies:
    @pytest.mark.parametrize(
        ("to", "reply", "retryable", "kind"),
        [
            ("rcpt", "451 4.7.1 greylisted, come back later", True, "serverError"),
            ("rcpt", "550 5.1.1 no such user", False, "clientError"),
            ("mail", "421 4.3.2 going down", True, "serverError"),
            ("mail", "553 5.1.8 not your address", False, "clientError"),
            ("data", "452 4.2.2 mailbox full", True, "serverError"),
            ("data", "554 5.7.1 this is spam", False, "clientError"),
        ],
    )
    def test_are_classified(self, to: str, reply: str, retryable: bool, kind: str) -> None:
        server = MailServer()
        setattr(server, to, reply)
        error = refusal(server)
        assert (error.retryable, error.kind) == (retryable, kind)
        assert str(error).endswith(reply)
        assert str(error).startswith("email: localhost:")

    def test_a_recipient_refused_for_good_does_not_stop_the_others(self) -> None:
        async def run() -> None:
            async with MailServer(rcpt={"gone@example.com": "550 5.1.1 gone"}) as server:
                await deliver(server, to="gone@example.com, ops@example.com")
                assert server.envelopes[0].rcpt_tos == ["ops@example.com"]

        asyncio.run(run())

    def test_a_recipient_refused_for_now_makes_all_wait(self) -> None:
        error = refusal(MailServer(rcpt={"b@example.com": "450 later"}), to="a@example.com, b@example.com")
        assert error.retryable

    def test_a_server_that_says_nothing_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("exporter.notify.smtp._COMMAND_TIMEOUT_SECONDS", 0.2)
        error = refusal(MailServer(hangs=True))
        assert (error.retryable, error.kind) == (True, "contextDeadlineExceeded")

    def test_nobody_there(self) -> None:
        async def run() -> None:
            server = MailServer()
            async with server:
                address = server.address
            integration = make(json.dumps({"email_configs": [{**_PLAIN, "smarthost": address}]})[1:-1])
            with pytest.raises(
                NotifyError, match=r"localhost:\d+: cannot connect: Connection refused"
            ) as caught:
                await integration.send(notification())
            assert caught.value.retryable

        asyncio.run(run())

    @pytest.mark.parametrize(
        "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"554 go away\r\n", b"\x15\x03\r\n", b""]
    )
    def test_somebody_else_there(self, greeting: bytes) -> None:
        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            writer.close()

        async def run() -> None:
            server = await asyncio.start_server(greet, "127.0.0.1", 0)
            async with server:
                entry = {**_PLAIN, "smarthost": f"localhost:{server.sockets[0].getsockname()[1]}"}
                integration = make(json.dumps({"email_configs": [entry]})[1:-1])
                with pytest.raises(NotifyError) as caught:
                    await integration.send(notification())
                assert caught.value.retryable is (greeting[:3] != b"554")
                assert str(caught.value).isprintable()

        asyncio.run(run())


@pytest.mark.parametrize("entry", [{"from": "a@x, b@x"}, {"from": "nobody"}, {"to": "nobody"}, {"to": ","}])
def test_addresses_that_are_none(entry: dict[str, str]) -> None:
    assert not refusal(MailServer(), **entry).retryable


@given(st.text(max_size=80))
@example("=?utf-8?q?a=0D=0ARCPT_TO:?=@example.com")
@example('"=?utf-8?q?a=0D=0Ab?=" <"=?utf-8?q?c=0D=0A?="@x.y>')
@example("a@b\r\n.c")
def test_addresses_never_hold_a_line_break(text: str) -> None:
    for _, address in parse_addresses(text):
        assert address.isprintable()
        assert not set(address) & set(" <>")


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@b.c", [("", "a@b.c")]),
        ("Ops <a@b.c>, d@e.f", [("Ops", "a@b.c"), ("", "d@e.f")]),
        ('"Doe, Jöhn" <j@x>', [("Doe, Jöhn", "j@x")]),
        ("root", []),
        ("", []),
        ("a@b>\r\nRCPT TO:<c@d", []),
    ],
)
def test_addresses_are_taken_from_a_list(text: str, addresses: list[tuple[str, str]]) -> None:
    assert parse_addresses(text) == addresses


@given(_ANY_TEXT, st.sampled_from(["Subject", "To", "X"]))
def test_any_header_is_ascii_on_lines_that_begin_with_its_name_or_a_space(text: str, name: str) -> None:
    lines = format_header(name, text).split(b"\r\n")
    assert lines.pop() == b""
    for number, line in enumerate(lines):
        assert line.startswith(f"{name}: ".encode() if number == 0 else b" ")
        assert len(line) < 998
        assert line.isascii()
        assert line.strip()
        assert not set(line) & set(b"\r\n\0")


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=500))
def test_text_of_a_header_arrives(text: str) -> None:
    raw = format_header("X", text)
    arrived = str(make_header(decode_header(message_from_bytes(raw + b"\r\n")["X"].replace("\r\n ", " "))))
    assert arrived == text


def test_long_headers_are_folded_at_their_spaces() -> None:
    raw = format_header("Subject", " ".join(["word"] * 100))
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert message_from_bytes(raw + b"\r\n", policy=policy.default)["Subject"] == " ".join(["word"] * 100)


def test_names_before_addresses_are_encoded_alone() -> None:
    raw = format_header("To", 'Jöhn <j@x.y>, "b, c" <k@x.y>')
    assert raw == b"To: =?utf-8?b?SsO2aG4=?= <j@x.y>, =?utf-8?b?YiwgYw==?= <k@x.y>\r\n"
