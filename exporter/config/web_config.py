"""`web-config.yml`: TLS and users of the daemon's own web server, as in Prometheus' exporter-toolkit.

Source: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from exporter.config.document import Document, validate
from exporter.config.fields import ReadableFile, Section
from exporter.errors import ConfigError, Problem
from exporter.model.regular_file import is_named_pipe

TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
# What the bcrypt library verifies: versions a, b and y, a cost, and 53 characters of salt and hash.
_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
# bcrypt's own bounds are 4 and 31. Each step takes twice as long: 16 some 5 s, 20 more than a minute.
_LEAST_COST = 4
_MOST_COST = 16


class TlsServerConfig(Section):
    """How the web server speaks TLS."""

    cert_file: ReadableFile
    """The certificate, with its chain, in PEM."""
    key_file: ReadableFile
    """The certificate's key, in PEM."""
    client_auth_type: Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"] = (
        "NoClientCert"
    )
    """Whether clients must show a certificate."""
    client_ca_file: ReadableFile | None = None
    """The authority that signs clients' certificates."""
    min_version: TlsVersion = "TLS12"
    """The oldest version of TLS that is spoken."""
    max_version: TlsVersion = "TLS13"
    """The newest version of TLS that is spoken."""

    @model_validator(mode="after")
    def _check_clients(self) -> Self:
        if self.client_auth_type != "NoClientCert" and self.client_ca_file is None:
            raise ValueError(f"client_auth_type {self.client_auth_type} needs a client_ca_file")
        return self


def check_hash(text: str) -> str:
    """Return a bcrypt hash; raises `ValueError` for what is none."""
    match = _BCRYPT.fullmatch(text)
    if match is None or int(match[1]) < _LEAST_COST:
        raise ValueError('is not a bcrypt hash: make one with `htpasswd -nBC 10 ""`')
    if int(match[1]) > _MOST_COST:
        raise ValueError(
            f"has a cost of {match[1]}, with which a log-in takes ten seconds or more: at most {_MOST_COST} "
            'is taken, make one with `htpasswd -nBC 10 ""`'
        )
    return text


PasswordHash = Annotated[str, AfterValidator(check_hash)]


# Those that exporter-toolkit takes.
HeaderName = Literal[
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
    "Content-Security-Policy",
]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


class HttpServerConfig(Section):
    """How the web server speaks HTTP."""

    http2: bool = True
    """Taken as exporter-toolkit does; HTTP/1.1 is spoken either way, and `check config` says so."""
    headers: dict[HeaderName, HeaderValue] = Field(default={})
    """Headers of every answer, instead of the daemon's own."""


class WebConfig(Section):
    """Who may talk to the daemon, and how."""

    http_server_config: HttpServerConfig = HttpServerConfig()
    """HTTP; without it the daemon's own headers."""
    tls_server_config: TlsServerConfig | None = None
    """TLS; without it plain HTTP."""
    basic_auth_users: dict[str, PasswordHash] = Field(default={}, repr=False)
    """Users and the bcrypt hashes of their passwords; without any, everybody may come in."""


def load_web_config(path: Path) -> WebConfig:
    """Read a web configuration; raises `ConfigError` with all its problems."""
    if is_named_pipe(path):
        # Whoever opens a connection would wait for somebody who writes.
        raise ConfigError([Problem((), "is a pipe, not a file", file=str(path))])
    return validate(Document.load(path, lenient=True), WebConfig)
