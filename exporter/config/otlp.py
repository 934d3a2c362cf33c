"""`otlp`: metrics, alerts and events for an OpenTelemetry collector, or whoever takes OTLP by HTTP."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from exporter.config.alertmanager.http import (
    HttpConfig,
    RedactedUrl,
    TlsConfig,
    check_proxies,
    problem_of_header,
)
from exporter.config.alertmanager.scalars import Text
from exporter.config.fields import (
    Duration,
    PositiveDuration,
    ReadableFile,
    SecretText,
    Section,
    required_environment,
)
from exporter.config.targets import TlsSection
from exporter.config.validation import PlacedError
from exporter.config.web import SecretHttpUrl
from exporter.errors import Problem
from exporter.model.http_url import HttpUrl

PATHS: Final = ("/v1/metrics", "/v1/logs")
"""What is added to the endpoint, by signal. Source: opentelemetry.io/docs/specs/otlp, section OTLP/HTTP."""

_OTHER_PROTOCOLS: Final = {
    "grpc": "gRPC is not spoken: write http/protobuf, which collectors take on port 4318 instead of 4317",
    "http/json": "JSON is not sent: write http/protobuf, which whoever takes OTLP by HTTP has to take",
}
_AUTHORIZATION: Final = frozenset({"authorization"})


def _check_protocol(value: object) -> object:
    if isinstance(value, str) and (sentence := _OTHER_PROTOCOLS.get(value)):
        raise ValueError(sentence)
    return value


def _check_endpoint(url: HttpUrl) -> HttpUrl:
    for path in PATHS:
        if url.shown.rstrip("/").endswith(path):
            raise ValueError(f"must end before {path}, which is added to it")
    return url


class OtlpLogsSection(Section):
    """What is sent as logs; nothing is where both are `false`."""

    alerts: bool = True
    """Whether alerts are sent when they are pending, fire, and are resolved."""
    events: bool = True
    """Whether other events are sent: slow commands, denials, restarts, failovers, changes."""


class OtlpSection(Section):
    """Where metrics and logs go by OTLP, and how often; nothing is sent without an `endpoint`."""

    endpoint: Annotated[SecretHttpUrl, AfterValidator(_check_endpoint)] | None = None
    """Base URL of a collector or vendor, such as `http://otel-collector:4318`; `/v1/metrics` and `/v1/logs`
    are added to its path. User, password and query are sent along and shown nowhere."""
    protocol: Annotated[Literal["http/protobuf"], BeforeValidator(_check_protocol)] = "http/protobuf"
    """The only one that is spoken."""
    headers: dict[str, SecretText] = Field(default_factory=dict)
    """Headers of every request by name, such as the key of a vendor. Their values show nowhere."""
    headers_file: dict[str, ReadableFile] = Field(default_factory=dict)
    """Headers whose values are in files, which are read for each request."""
    headers_env: dict[str, str] = Field(default_factory=dict)
    """Headers whose values are in environment variables of these names."""
    compression: Literal["gzip", "none"] = "gzip"
    """How requests are compressed."""
    timeout: PositiveDuration = Duration(10_000)
    """How long one request may take, with its answer."""
    interval: PositiveDuration = Duration(60_000)
    """How often metrics are sent: each time the newest sample of every series."""
    resource_attributes: dict[str, str] = Field(default_factory=dict)
    """Attributes that all resources have besides, such as `deployment.environment.name`; they go before what
    the daemon would say itself."""
    metrics: bool = True
    """Whether metrics are sent."""
    logs: OtlpLogsSection = OtlpLogsSection()
    """What is sent as logs."""
    tls: TlsSection = TlsSection()
    """TLS options, for https://."""
    proxy_url: RedactedUrl = Field(default="", repr=False)
    """A proxy; user and password in it show nowhere."""
    no_proxy: Text = ""
    """Hosts that are reached directly, comma-separated."""
    proxy_from_environment: bool = False
    """Whether HTTP_PROXY and its siblings count."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_proxies(self)
        problems = [*self._header_problems()]
        if self.endpoint is None and self.model_fields_set:
            problems.append(Problem(("endpoint",), "is missing: without it nothing is sent"))
        if self.tls.model_fields_set and self.endpoint and self.endpoint.reveal().startswith("http://"):
            problems.append(Problem(("tls",), "has no effect: TLS needs an endpoint with https://"))
        if problems:
            raise PlacedError(problems)
        return self

    def _header_problems(self) -> list[Problem]:
        problems = []
        seen: set[str] = set()
        for key in ("headers", "headers_file", "headers_env"):
            given: dict[str, Any] = getattr(self, key)
            for name in given:
                sentence = problem_of_header(name, allowed=_AUTHORIZATION)
                if name.lower() in seen:
                    sentence = f'the header "{name}" is given twice'
                seen.add(name.lower())
                if sentence:
                    problems.append(Problem((key, name), sentence, at_key=True))
        for name, variable in self.headers_env.items():
            try:
                required_environment(variable)
            except ValueError as error:
                problems.append(Problem(("headers_env", name), str(error)))
        return problems

    @property
    def http_config(self) -> HttpConfig:
        """TLS and proxies as the HTTP client has them."""
        tls = self.tls
        return HttpConfig(
            tls_config=TlsConfig(
                ca_file=tls.ca_file,
                cert_file=tls.cert_file,
                # One file may hold both.
                key_file=tls.key_file or tls.cert_file,
                server_name=tls.server_name,
                insecure_skip_verify=tls.insecure_skip_verify,
            ),
            proxy_url=self.proxy_url,
            no_proxy=self.no_proxy,
            proxy_from_environment=self.proxy_from_environment,
        )
