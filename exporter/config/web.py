"""`web`: the daemon's own HTTP server."""

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema

from exporter.config.fields import ReadableFile, Section
from exporter.config.samplers.keys import Choice
from exporter.config.url_problems import VARIABLE
from exporter.model.http_url import HttpUrl
from exporter.model.regex import InvalidRegexError, compile_regex

_ADDRESS: Final = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:\[\]]*)):(?P<port>\d{1,5})", re.ASCII)

_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[?[0-9A-Fa-f:]+\]?", re.ASCII)

_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-]", re.ASCII)
_TAKEN: Final = ("/api/", "/-/", "/static/")
_NAMESPACE: Final = re.compile(r"[A-Za-z]\w*", re.ASCII)


def parse_listen_address(text: str) -> tuple[str, int]:
    """Host (empty: all addresses) and port (0: any free one) of `:9121`, `127.0.0.1:9121`, `[::1]:9121`.

    Raises `ValueError`.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65_535:
        raise ValueError(f'"{text}" is not a listen address: write host:port or :port, such as :9121')
    return match["six"] or match["host"] or "", int(match["port"])


def _check_address(text: str) -> str:
    parse_listen_address(text)
    return text


def check_http_url(text: str) -> str:
    """Return the URL; raises `ValueError` for one that is not http:// or https://."""
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.netloc):
        raise ValueError("must be a URL that begins with http:// or https://")
    if variable := VARIABLE.search(parts.netloc):
        raise ValueError(f"holds {variable[0]}, and variables are not put in here: write the host as it is")
    host = parts.netloc.rpartition("@")[2]
    if text and (not host or any(mark.isspace() for mark in host)):
        raise ValueError("has no host, or one with a space in it")
    try:
        parts.port  # noqa: B018  # it is looked at here only
    except ValueError:
        raise ValueError("has a port that is no number from 0 to 65535") from None
    return text.rstrip("/")


def check_external_url(text: str) -> str:
    """The URL without a slash at its end; raises `ValueError`."""
    url = check_http_url(text)
    if "?" in text or "#" in text:
        raise ValueError("must end with its path: the paths of pages are appended to it, so it has no ? or #")
    if "@" in urlsplit(url).netloc:
        raise ValueError("must hold no user or password: it stands in every message")
    return url


def _http_url(value: object) -> HttpUrl:
    if isinstance(value, HttpUrl):
        return value
    if not isinstance(value, str) or not value:
        raise ValueError("must be a URL that begins with http:// or https://")
    if "#" in value:
        raise ValueError("holds a #, after which nothing is sent: write %23 where it is part of a password")
    return HttpUrl(check_http_url(value))


SecretHttpUrl = Annotated[
    HttpUrl,
    PlainValidator(_http_url),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""A URL that may hold a password or a token, and is shown without."""


def _check_host(text: str) -> str:
    if not _HOST_NAME.fullmatch(text):
        raise ValueError("must be a host name as vigil.example.com, without a port, a scheme or a wildcard")
    return text


def _check_pattern(text: str) -> str:
    try:
        compile_regex(text)
    except InvalidRegexError as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return text


def check_path(text: str) -> str:
    """Return a path at which metrics can be; raises `ValueError`."""
    if not _PATH.fullmatch(text) or text.startswith(_TAKEN):
        raise ValueError("must be a path such as /redis-metrics, and none of an API")
    return text


def check_namespace(text: str) -> str:
    """Return what names of metrics can begin with; raises `ValueError`."""
    if not _NAMESPACE.fullmatch(text):
        raise ValueError("must be a word of letters, digits and _, which begins with a letter")
    return text


class WebSection(Section):
    """Where the daemon listens, and who may ask it what."""

    listen_address: Annotated[str, AfterValidator(_check_address)] = ":9121"
    """Host and port; without a host all addresses."""
    actions: bool = True
    """Whether people may do something on the pages: silence, reload, send a test message. The APIs are not
    touched by it."""
    config_file: ReadableFile | None = None
    """TLS and basic authentication, as in an exporter-toolkit web-config.yml."""
    external_url: Annotated[str, AfterValidator(check_external_url)] = ""
    """Under which URL people reach the daemon; it stands in notifications."""
    hosts: tuple[Annotated[str, AfterValidator(_check_host)], ...] = ()
    """Host names under which the daemon is asked besides that of `external_url`. Where that is set, requests
    for other names with a dot in them are refused (DNS rebinding); addresses and `localhost` always work."""
    cors_origin: Annotated[str, AfterValidator(_check_pattern)] = ""
    """Of which origins pages may read and change things here (CORS): a regular expression that matches the
    whole origin, such as `https://board[.]example[.]com`. Without it none."""
    probe_allow: tuple[Annotated[str, AfterValidator(_check_pattern)], ...] = ()
    """Which servers `/scrape`, `/probe` and `/discover-cluster-nodes` may ask besides the configured ones:
    regular expressions that match the whole of `host:port`. No credentials are sent to these."""
    telemetry_path: Annotated[str, AfterValidator(check_path)] = "/metrics"
    """A path at which metrics are too, besides `/metrics`."""
    namespace: Annotated[str, AfterValidator(check_namespace)] = "redis"
    """What names of metrics begin with on `/metrics`, `/scrape` and `/probe`, instead of `redis`; not those
    of the daemon itself. Rules and dashboards of the daemon know them as `redis_…`."""
    own_metrics: bool = True
    """Whether `/metrics` has the daemon's own metrics besides those of the servers."""
    probes: bool = True
    """Whether there are `/scrape` and `/probe`."""
    cluster_hostnames: bool = False
    """Whether `/discover-cluster-nodes` names nodes by the hostnames that they announce, where they do."""
    probe_keys: tuple[Choice, ...] = ()
    """Which keys requests to `/scrape` and `/probe` may name (`check-keys` and its like), besides those under
    `samplers.keys` and `samplers.streams` of the server: keys and patterns such as `db3=user:*`."""
