"""`remote_write`: whom every sample is sent to, in Prometheus' protocol.

Source of fields, defaults and checks: `RemoteWriteConfig` and `QueueConfig` of config/config.go of
github.com/prometheus/prometheus, version 3.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from exporter.config.alertmanager.http import HttpConfig, check_header_names
from exporter.config.alertmanager.scalars import Flag
from exporter.config.fields import Duration, PositiveDuration, SecretText, Section
from exporter.config.relabeling import RelabelSection
from exporter.config.validation import PlacedError
from exporter.config.web import SecretHttpUrl
from exporter.errors import Problem


def _text(value: object) -> object:
    """Tenants are often numbers, which YAML reads as such."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


HeaderMap = Annotated[
    dict[str, Annotated[SecretText, BeforeValidator(_text)]], AfterValidator(check_header_names)
]
"""Values of headers by name; none of them shows, since tokens stand there as well."""

_NO_EXEMPLARS: Final = "exemplars are not sent: what is sampled here has none"
_NO_HISTOGRAMS: Final = "native histograms are not sent: what is sampled here has classic ones"
LOGINS: Final = ("sigv4", "azuread", "google_iam")
"""Keys of Prometheus' that there are none of here."""

NO_LOGIN: Final = "is not known here: use basic_auth, authorization or oauth2, or a proxy that signs"


def _refuse(sentence: str) -> Callable[[bool], bool]:
    def check(value: bool) -> bool:
        if value:
            raise ValueError(sentence)
        return value

    return check


class QueueSection(Section):
    """How much is sent at a time, and what happens when it is not taken."""

    capacity: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    """How many samples are read ahead for each of `max_shards`. What waits beyond them stays in the store,
    and is read from there, or from the history."""
    min_shards: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many requests may be under way at least."""
    max_shards: Annotated[int, Field(ge=1, le=1000)] = 50
    """How many requests may be under way at most: there are more as long as samples come faster than they
    are taken. All samples of a series go through one shard, in order."""
    max_samples_per_send: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    """How many samples one request holds at most."""
    batch_send_deadline: PositiveDuration = Duration(5_000)
    """How long samples wait for a request to be full."""
    min_backoff: PositiveDuration = Duration(30)
    """How long the pause before the second attempt is; it doubles from attempt to attempt."""
    max_backoff: PositiveDuration = Duration(5_000)
    """The longest pause between two attempts, unless the receiver asks for more (Retry-After)."""
    retry_on_http_429: bool = True
    """Whether what is answered with 429 (too many requests) is sent again. Unlike in Prometheus it is."""
    sample_age_limit: Duration = Duration(0)
    """Samples that are older are not sent any more, and counted; 0s: all are sent, however old."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = []
        if self.max_shards < self.min_shards:
            problems.append(Problem(("max_shards",), f"must not be less than min_shards ({self.min_shards})"))
        if self.max_backoff < self.min_backoff:
            problems.append(
                Problem(("max_backoff",), f"must not be shorter than min_backoff ({self.min_backoff})")
            )
        if problems:
            raise PlacedError(problems)
        return self


class MetadataSection(Section):
    """Types and help texts of metrics. Protocol 2.0 has them in each request anyway."""

    send: bool = True
    """Whether they are sent."""
    send_interval: PositiveDuration = Duration(60_000)
    """How often."""
    max_samples_per_send: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    """How many metrics one request tells of at most."""


Message = Literal["prometheus.WriteRequest", "io.prometheus.write.v2.Request"]


class RemoteWriteSection(HttpConfig):
    """A receiver of all samples."""

    url: SecretHttpUrl
    """Where requests go; user, password and query are shown nowhere."""
    name: str = ""
    """The label `remote_name` of its metrics, and its name in the log; made of the URL where it is not
    given. No two receivers may have one."""
    remote_timeout: PositiveDuration = Duration(30_000)
    """How long a request may take."""
    headers: HeaderMap = Field(default_factory=dict)
    """Headers of every request, such as `X-Scope-OrgID`; they are shown nowhere."""
    write_relabel_configs: tuple[RelabelSection, ...] = ()
    """What is done to the labels of each series, `external_labels` included, or whether it is left out."""
    queue_config: QueueSection = QueueSection()
    """How much is sent at a time, and how often it is tried."""
    metadata_config: MetadataSection = MetadataSection()
    """Types and help texts of metrics."""
    protobuf_message: Message = "prometheus.WriteRequest"
    """The protocol: `prometheus.WriteRequest` is remote write 1.0, which everybody takes,
    `io.prometheus.write.v2.Request` is 2.0."""
    enable_http2: Flag = False
    """Whether HTTP/2 may be spoken."""
    send_exemplars: Annotated[bool, AfterValidator(_refuse(_NO_EXEMPLARS))] = False
    """Only `false`: there are none."""
    send_native_histograms: Annotated[bool, AfterValidator(_refuse(_NO_HISTOGRAMS))] = False
    """Only `false`: there are none."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_logins(cls, data: Any) -> Any:
        written = [name for name in LOGINS if isinstance(data, dict) and data.get(name) is not None]
        if written:
            raise PlacedError(Problem((name,), NO_LOGIN, at_key=True) for name in written)
        return data

    @property
    def shown_name(self) -> str:
        """The name by which people know it: the configured one, or the URL without its secrets."""
        return self.name or self.url.shown


def check_names(sections: tuple[RemoteWriteSection, ...]) -> tuple[RemoteWriteSection, ...]:
    """The receivers; two that have one name are refused."""
    seen: dict[str, int] = {}
    problems = []
    for index, section in enumerate(sections):
        first = seen.setdefault(section.shown_name, index)
        if first != index:
            problems.append(
                Problem(
                    (index, "name" if section.name else "url"),
                    f'"{section.shown_name}" is remote_write[{first}] already: give each a name of its own',
                )
            )
    if problems:
        raise PlacedError(problems)
    return sections
