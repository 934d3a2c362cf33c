"""`http_config` and `tls_config`: settings of HTTP requests to receivers.

Source of fields and rules: `HTTPClientConfig` of github.com/prometheus/common, config/http_config.go.
"""

import re
from typing import Annotated, Any, Final, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from exporter.config.alertmanager.scalars import Flag, Text
from exporter.config.fields import RelativePath, SecretText, Section
from exporter.config.validation import PlacedError
from exporter.errors import Problem
from exporter.model.secret import Secret

ValueT = TypeVar("ValueT")
_TLS_VERSIONS = ("TLS10", "TLS11", "TLS12", "TLS13")
# A password in a URL, with the part before it.
_PASSWORD: Final = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/?#:@]*:)[^\s/?#]*@", re.IGNORECASE)
_QUERY: Final = re.compile(r"\?.+")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Source: config/headers.go of prometheus/common.
_RESERVED_HEADERS: Final = frozenset(
    [
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "user-agent",
        "www-authenticate",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "x-prometheus-remote-read-version",
        "x-prometheus-remote-write-version",
        "x-prometheus-scrape-timeout-seconds",
    ]
)


def check_url(text: str) -> str:
    """An http or https URL with a host; raises `ValueError` with a sentence that does not show the URL."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("must be a URL that begins with http:// or https://")
    if not host:
        raise ValueError("must be a URL with a host")
    try:
        parts.port  # noqa: B018 (it is read when it is asked for)
    except ValueError:
        raise ValueError("is not a URL: the port must be a number from 1 to 65535") from None
    return text


Url = Annotated[Text, AfterValidator(check_url)]
"""An http or https URL that may be shown."""


def redact_password(text: str) -> str:
    """Return a text in which passwords in URLs are `xxxxx`, as Go redacts them (net/url, Redacted)."""
    return _PASSWORD.sub(r"\1xxxxx@", text)


def redact_url(url: str) -> str:
    """Return a URL with its password and its query as `xxxxx`."""
    return _QUERY.sub("?xxxxx", redact_password(url))


RedactedUrl = Annotated[Text, PlainSerializer(redact_url, return_type=str, when_used="json")]
"""A URL that may hold a password or a token, which JSON does not show."""

_Hidden = Annotated[
    dict[str, Text], PlainSerializer(lambda texts: dict.fromkeys(texts, str(Secret(""))), when_used="json")
]


def at_most_one(section: Section, *names: str) -> None:
    """Raise `ValueError` where more than one of these fields is written."""
    written = [name for name in names if getattr(section, name)]
    if len(written) > 1:
        raise ValueError(f"at most one of {', '.join(written)} can be given")


def _tls_version(text: str) -> str:
    if text and text not in _TLS_VERSIONS:
        raise ValueError(f"must be one of {', '.join(_TLS_VERSIONS)}")
    return text


TlsVersion = Annotated[Text, AfterValidator(_tls_version)]


class TlsConfig(Section):
    """How the server's certificate is checked and which one is shown to it."""

    ca: Text = ""
    """Certificates of authorities, as PEM text."""
    cert: Text = ""
    """The client's certificate, as PEM text."""
    key: SecretText | None = None
    """The client's key, as PEM text."""
    ca_file: RelativePath | None = None
    """A file with certificates of authorities."""
    cert_file: RelativePath | None = None
    """A file with the client's certificate."""
    key_file: RelativePath | None = None
    """A file with the client's key."""
    server_name: Text = ""
    """The name that the certificate must be for."""
    insecure_skip_verify: Flag = False
    """Whether any certificate is taken."""
    min_version: TlsVersion = ""
    """The oldest TLS version that is spoken."""
    max_version: TlsVersion = ""
    """The newest TLS version that is spoken."""

    @model_validator(mode="after")
    def _check_pairs(self) -> Self:
        at_most_one(self, "ca", "ca_file")
        at_most_one(self, "cert", "cert_file")
        at_most_one(self, "key", "key_file")
        has_certificate, has_key = bool(self.cert or self.cert_file), bool(self.key or self.key_file)
        if has_certificate != has_key:
            raise ValueError("cert and key belong together")
        return self


class BasicAuth(Section):
    """User name and password."""

    username: Text = ""
    """The user."""
    username_file: RelativePath | None = None
    """A file with the user."""
    password: SecretText | None = None
    """The password."""
    password_file: RelativePath | None = None
    """A file with the password."""

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "username", "username_file")
        at_most_one(self, "password", "password_file")
        return self


class Authorization(Section):
    """The header Authorization."""

    type: Text = "Bearer"
    """The scheme."""
    credentials: SecretText | None = None
    """What follows the scheme."""
    credentials_file: RelativePath | None = None
    """A file with what follows the scheme."""

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "credentials", "credentials_file")
        if self.type.strip().lower() == "basic":
            raise ValueError('type must not be "basic": use basic_auth')
        return self


class OAuth2(Section):
    """The client credentials grant of OAuth 2."""

    client_id: Text = ""
    """The client."""
    client_secret: SecretText | None = None
    """Its secret."""
    client_secret_file: RelativePath | None = None
    """A file with its secret."""
    token_url: RedactedUrl = Field(default="", repr=False)
    """Where tokens are asked for."""
    scopes: tuple[Text, ...] = ()
    """What is asked for."""
    endpoint_params: _Hidden = Field(default_factory=dict, repr=False)
    """Further parameters of the request."""
    tls_config: TlsConfig = TlsConfig()
    """TLS towards the token URL."""
    proxy_url: RedactedUrl = Field(default="", repr=False)
    """A proxy towards the token URL."""
    no_proxy: Text = ""
    """Hosts that are asked directly."""
    proxy_from_environment: Flag = False
    """Whether HTTP_PROXY and its siblings count."""

    @model_validator(mode="after")
    def _check_complete(self) -> Self:
        at_most_one(self, "client_secret", "client_secret_file")
        missing = [name for name in ("client_id", "token_url") if not getattr(self, name)]
        if missing:
            raise PlacedError(Problem((name,), "is missing") for name in missing)
        return self


class HeaderValues(Section):
    """The values of one header."""

    values: tuple[Text, ...] = Field(default=(), repr=False)
    """Plain values."""
    secrets: tuple[SecretText, ...] = ()
    """Values that do not show."""
    files: tuple[RelativePath, ...] = ()
    """Files with values."""


def check_header_names(headers: dict[str, ValueT]) -> dict[str, ValueT]:
    """The headers; those that a request has anyway, or that are none, are refused as Alertmanager does."""
    problems = [
        Problem((name,), sentence, at_key=True) for name in headers if (sentence := problem_of_header(name))
    ]
    if problems:
        raise PlacedError(problems)
    return headers


def problem_of_header(name: str, *, allowed: frozenset[str] = frozenset()) -> str:
    """Return why a header of this name cannot be configured; empty where it can.

    `allowed` are names, in lower case, that may be set although requests can have them anyway.
    """
    if not _HEADER_NAME.fullmatch(name):
        return f'"{name}" is not the name of a header'
    return f'the header "{name}" cannot be set here' if name.lower() in _RESERVED_HEADERS - allowed else ""


Headers = Annotated[dict[str, HeaderValues], AfterValidator(check_header_names)]
"""Headers of requests by name."""


class Proxies(Protocol):
    """A section that says which proxy is asked."""

    @property
    def proxy_url(self) -> str:
        """The proxy."""
        ...

    @property
    def no_proxy(self) -> str:
        """Hosts that are asked directly."""
        ...

    @property
    def proxy_from_environment(self) -> bool:
        """Whether HTTP_PROXY and its siblings count."""
        ...


def check_proxies(section: Proxies) -> None:
    """Raise `ValueError` where a section says which proxy is asked in two ways."""
    if section.proxy_from_environment and (section.proxy_url or section.no_proxy):
        raise ValueError("proxy_from_environment goes without proxy_url and no_proxy")
    if section.no_proxy and not section.proxy_url:
        raise ValueError("no_proxy needs a proxy_url")


class HttpConfig(Section):
    """How HTTP requests are made."""

    basic_auth: BasicAuth | None = None
    """User name and password."""
    authorization: Authorization | None = None
    """The header Authorization."""
    oauth2: OAuth2 | None = None
    """OAuth 2."""
    bearer_token: SecretText | None = None
    """Deprecated: credentials of `authorization`."""
    bearer_token_file: RelativePath | None = None
    """Deprecated: credentials_file of `authorization`."""
    tls_config: TlsConfig = TlsConfig()
    """TLS."""
    proxy_url: RedactedUrl = Field(default="", repr=False)
    """A proxy."""
    no_proxy: Text = ""
    """Hosts that are asked directly, comma-separated."""
    proxy_from_environment: Flag = False
    """Whether HTTP_PROXY and its siblings count."""
    proxy_connect_header: dict[str, tuple[SecretText, ...]] = Field(default_factory=dict)
    """Headers towards the proxy."""
    follow_redirects: Flag = True
    """Whether redirects are followed."""
    enable_http2: Flag = True
    """Whether HTTP/2 may be spoken."""
    http_headers: Headers = Field(default_factory=dict)
    """Headers of every request."""

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "bearer_token", "bearer_token_file")
        written = [name for name in ("basic_auth", "authorization", "oauth2") if self._has(name)]
        if self.bearer_token or self.bearer_token_file:
            written.append("bearer_token")
        if len(written) > 1:
            raise ValueError(f"at most one of {', '.join(written)} can be given")
        check_proxies(self)
        if self.proxy_connect_header and not (self.proxy_url or self.proxy_from_environment):
            raise ValueError("proxy_connect_header needs a proxy_url or proxy_from_environment")
        return self

    def _has(self, name: str) -> bool:
        value: Any = getattr(self, name)
        return value is not None
