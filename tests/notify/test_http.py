"""http_config: authorization, TLS, proxies, redirects, headers."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from exporter.config.alertmanager.http import (
    Authorization,
    BasicAuth,
    HeaderValues,
    HttpConfig,
    OAuth2,
    TlsConfig,
)
from exporter.errors import NotifyError
from exporter.http_client.proxies import is_excepted
from exporter.model.secret import Secret
from exporter.notify.http import HttpClient
from exporter.notify.retry_after import retry_after_seconds
from tests.notify.http2_listener import Http2Listener
from tests.notify.http_listener import HttpListener, Reply, json_reply


async def post(config: HttpConfig, url: str) -> None:
    client = HttpClient(config, "test", timeout_seconds=3.0, now=lambda: 0.0)
    client.check(await client.post_json(url, b"{}"))


def header_of(config: HttpConfig, name: str = "authorization") -> str:
    async def ask() -> str:
        async with HttpListener() as listener:
            await post(config, listener.url)
            return listener.requests[0].headers.get(name, "")

    return asyncio.run(ask())


class TestAuthorization:
    def test_basic_auth_is_sent_from_texts_and_files(self, tmp_path: Path) -> None:
        basic = BasicAuth(username="u", password=Secret("pä:ss"))
        assert header_of(HttpConfig(basic_auth=basic)) == "Basic dTpww6Q6c3M="
        (tmp_path / "user").write_text("u\n")
        (tmp_path / "password").write_text("pä:ss\n")
        files = BasicAuth(username_file=tmp_path / "user", password_file=tmp_path / "password")
        assert header_of(HttpConfig(basic_auth=files)) == "Basic dTpww6Q6c3M="

    def test_credentials_are_sent_from_texts_and_files(self, tmp_path: Path) -> None:
        assert header_of(HttpConfig(authorization=Authorization(credentials=Secret("t")))) == "Bearer t"
        (tmp_path / "token").write_text("f\n")
        from_file = Authorization(type="Token", credentials_file=tmp_path / "token")
        assert header_of(HttpConfig(authorization=from_file)) == "Token f"

    def test_bearer_token(self) -> None:
        assert header_of(HttpConfig(bearer_token=Secret("t"))) == "Bearer t"

    def test_without_authorization_there_is_no_header(self) -> None:
        assert header_of(HttpConfig()) == ""

    def test_file_that_is_gone_is_worth_a_retry(self, tmp_path: Path) -> None:
        with pytest.raises(NotifyError, match="no such file") as caught:
            header_of(HttpConfig(bearer_token_file=tmp_path / "gone"))
        assert caught.value.retryable


class TestOAuth:
    def test_token_is_asked_for_once(self) -> None:
        async def check() -> None:
            async with (
                HttpListener() as listener,
                HttpListener(json_reply({"access_token": "abc", "expires_in": 3600})) as tokens,
            ):
                oauth = OAuth2(
                    client_id="me",
                    client_secret=Secret("s&t"),
                    token_url=tokens.url,
                    scopes=("a", "b"),
                    endpoint_params={"audience": "x"},
                )
                client = HttpClient(HttpConfig(oauth2=oauth), "test", now=lambda: 0.0)
                for _ in range(2):
                    client.check(await client.post_json(listener.url, b"{}"))
                assert [request.headers["authorization"] for request in listener.requests] == [
                    "Bearer abc"
                ] * 2
                (request,) = tokens.requests
                assert request.body == b"grant_type=client_credentials&audience=x&scope=a+b"
                assert request.headers["authorization"] == "Basic bWU6cyUyNnQ="

        asyncio.run(check())

    @pytest.mark.parametrize(
        ("reply", "retryable"),
        [
            (Reply(401, b"{}"), False),
            (Reply(503, b""), True),
            (Reply(200, b"<html>"), False),
            (json_reply({}), False),
        ],
    )
    def test_no_token(self, reply: Reply, retryable: bool) -> None:
        async def check() -> None:
            async with HttpListener(reply) as tokens:
                oauth = OAuth2(client_id="me", client_secret=Secret("s"), token_url=tokens.url)
                with pytest.raises(NotifyError, match="no OAuth 2 token: status code") as caught:
                    await post(HttpConfig(oauth2=oauth), "http://127.0.0.1:1")
                assert caught.value.retryable is retryable

        asyncio.run(check())


def test_own_headers(tmp_path: Path) -> None:
    (tmp_path / "header").write_text("three\n")
    values = HeaderValues(values=("one",), secrets=(Secret("two"),), files=(tmp_path / "header",))
    assert header_of(HttpConfig(http_headers={"X-Own": values}), "x-own") == "one, two, three"


def test_http2_is_spoken_where_it_is_enabled() -> None:
    async def check() -> None:
        trusting = TlsConfig(insecure_skip_verify=True)
        server = _server_context(trustme.CA().issue_cert("localhost"))
        async with Http2Listener(server) as listener:
            await post(HttpConfig(tls_config=trusting), listener.url)
            await post(HttpConfig(tls_config=trusting, enable_http2=False), listener.url)
            assert listener.versions == ["h2", "http/1.1"]

    asyncio.run(check())


class TestTls:
    def test_certificate_is_checked(self, tmp_path: Path) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        server = _server_context(authority.issue_cert("localhost"))

        async def check() -> None:
            async with HttpListener(tls=server) as listener:
                with pytest.raises(NotifyError, match="TLS failed: unable to get local issuer") as caught:
                    await post(HttpConfig(), listener.url)
                assert caught.value.retryable
                await post(HttpConfig(tls_config=TlsConfig(ca_file=tmp_path / "ca.pem")), listener.url)
                await post(
                    HttpConfig(tls_config=TlsConfig(ca=(tmp_path / "ca.pem").read_text())), listener.url
                )
                await post(HttpConfig(tls_config=TlsConfig(insecure_skip_verify=True)), listener.url)

        asyncio.run(check())

    def test_name_is_checked_and_can_be_another(self, tmp_path: Path) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        server = _server_context(authority.issue_cert("hook.example.com"))

        async def check() -> None:
            async with HttpListener(tls=server) as listener:
                trusting = TlsConfig(ca_file=tmp_path / "ca.pem")
                with pytest.raises(NotifyError, match="Hostname mismatch"):
                    await post(HttpConfig(tls_config=trusting), listener.url)
                named = TlsConfig(ca_file=tmp_path / "ca.pem", server_name="hook.example.com")
                await post(HttpConfig(tls_config=named), listener.url)

        asyncio.run(check())

    def test_certificate_of_our_own(self, tmp_path: Path) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        mine = authority.issue_cert("client.example.com")
        (tmp_path / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in mine.cert_chain_pems))
        mine.private_key_pem.write_to_path(tmp_path / "key.pem")
        server = _server_context(authority.issue_cert("localhost"))
        authority.configure_trust(server)
        server.verify_mode = ssl.CERT_REQUIRED

        async def check() -> None:
            async with HttpListener(tls=server) as listener:
                ca = tmp_path / "ca.pem"
                with pytest.raises(NotifyError) as caught:
                    await post(HttpConfig(tls_config=TlsConfig(ca_file=ca)), listener.url)
                assert caught.value.retryable
                files = TlsConfig(ca_file=ca, cert_file=tmp_path / "cert.pem", key_file=tmp_path / "key.pem")
                await post(HttpConfig(tls_config=files), listener.url)
                inline = TlsConfig(
                    ca_file=ca,
                    cert=(tmp_path / "cert.pem").read_text(),
                    key=Secret((tmp_path / "key.pem").read_text()),
                )
                await post(HttpConfig(tls_config=inline), listener.url)

        asyncio.run(check())

    def test_certificate_files_are_read_again_when_they_change(self, tmp_path: Path) -> None:
        right, wrong = trustme.CA(), trustme.CA()
        file = tmp_path / "ca.pem"
        wrong.cert_pem.write_to_path(file)
        server = _server_context(right.issue_cert("localhost"))

        async def check() -> None:
            async with HttpListener(tls=server) as listener:
                config = HttpConfig(tls_config=TlsConfig(ca_file=file))
                client = HttpClient(config, "test", now=lambda: 0.0)
                with pytest.raises(NotifyError):
                    await client.post_json(listener.url, b"{}")
                right.cert_pem.write_to_path(file)
                assert (await client.post_json(listener.url, b"{}")).status == 200

        asyncio.run(check())

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            (TlsConfig(ca="nonsense"), "ca: no certificates"),
            (TlsConfig(ca_file=Path("/nonexistent")), "/nonexistent: no certificates: No such file"),
            (TlsConfig(cert="x", key=Secret("topsecret")), "cert: no certificate with its key"),
        ],
    )
    def test_files_that_are_wrong(self, config: TlsConfig, message: str) -> None:
        with pytest.raises(NotifyError, match=message) as caught:
            asyncio.run(post(HttpConfig(tls_config=config), "https://127.0.0.1:1"))
        assert "topsecret" not in str(caught.value)


def _server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


class TestRedirects:
    def test_are_followed(self) -> None:
        async def check() -> None:
            async with (
                HttpListener() as target,
                HttpListener(Reply(307, b"", {"Location": f"{target.url}/there"})) as listener,
            ):
                await post(HttpConfig(), listener.url)
                assert [(request.method, request.body) for request in target.requests] == [("POST", b"{}")]

        asyncio.run(check())

    def test_need_not_be_followed(self) -> None:
        async def check() -> None:
            async with HttpListener(Reply(307, b"", {"Location": "http://127.0.0.1:1/"})) as listener:
                with pytest.raises(NotifyError, match="unexpected status code 307") as caught:
                    await post(HttpConfig(follow_redirects=False), listener.url)
                assert not caught.value.retryable

        asyncio.run(check())

    def test_more_than_ten_redirects_are_not_followed(self) -> None:
        async def check() -> None:
            async with HttpListener(Reply(308, b"", {"Location": "/again"})) as listener:
                with pytest.raises(NotifyError, match="more than 10 redirects") as caught:
                    await post(HttpConfig(), listener.url)
                assert not caught.value.retryable

        asyncio.run(check())

    def test_take_no_password_to_another_server(self) -> None:
        async def check() -> None:
            async with (
                HttpListener() as target,
                HttpListener(Reply(307, b"", {"Location": target.url})) as listener,
            ):
                await post(HttpConfig(bearer_token=Secret("t")), listener.url)
                assert listener.requests[0].headers["authorization"] == "Bearer t"
                assert "authorization" not in target.requests[0].headers

        asyncio.run(check())


class TestProxy:
    def test_takes_the_request(self) -> None:
        async def check() -> None:
            async with HttpListener() as proxy:
                config = HttpConfig(proxy_url=proxy.url, no_proxy="127.0.0.1")
                await post(config, "http://hook.example.com/x")
                assert proxy.requests[0].target == "http://hook.example.com/x"
                async with HttpListener() as direct:
                    await post(config, direct.url)
                    assert direct.requests[0].target == "/"

        asyncio.run(check())

    def test_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def check() -> None:
            async with HttpListener() as proxy:
                monkeypatch.setenv("http_proxy", proxy.url)
                monkeypatch.setenv("no_proxy", "other.example.com")
                await post(HttpConfig(proxy_from_environment=True), "http://hook.example.com/x")
                assert len(proxy.requests) == 1
                with pytest.raises(NotifyError):
                    await post(HttpConfig(), "http://hook.invalid/x")
                assert len(proxy.requests) == 1

        asyncio.run(check())

    @pytest.mark.parametrize(
        ("exceptions", "excepted"),
        [
            ("", False),
            ("*", True),
            ("a.example.com", True),
            ("example.com", True),
            (".example.com", True),
            ("*.example.com", True),
            ("ample.com", False),
            ("b.example.com", False),
            ("x, a.example.com", True),
            ("a.example.com:8080", True),
            ("a.example.com:80", False),
        ],
    )
    def test_a_host_is_excepted_from_the_proxy_by_name_domain_or_port(
        self, exceptions: str, excepted: bool
    ) -> None:
        assert is_excepted("a.example.com", 8080, exceptions) is excepted

    def test_an_address_is_excepted_from_the_proxy_by_its_network(self) -> None:
        assert is_excepted("10.1.2.3", None, "10.0.0.0/8")
        assert not is_excepted("11.1.2.3", None, "10.0.0.0/8")
        assert is_excepted("::1", None, "[::1]")

    def test_an_invalid_proxy_url_is_an_error_that_does_not_show_it(self) -> None:
        with pytest.raises(NotifyError, match="invalid proxy URL") as caught:
            asyncio.run(post(HttpConfig(proxy_url="secret://u:p@x"), "http://127.0.0.1:1"))
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("-1", None),
        ("1.5", None),
        ("9" * 30, 253_402_300_799.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 99 Jan 1970 00:00:00 GMT", None),
        ("١٢", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert retry_after_seconds(header, 10.0) == seconds
