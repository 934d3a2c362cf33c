"""`discovery`: where further servers to watch are learnt from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo

from exporter.config.addresses import AddressMap
from exporter.config.dns import DnsSection
from exporter.config.fields import Context, Duration, PositiveDuration, Section
from exporter.config.kubernetes import KubernetesSection
from exporter.config.samplers import SamplersSection
from exporter.config.sources import SourceSection
from exporter.config.targets import CredentialsSection, RedisUrl, TlsSection
from exporter.config.web import SecretHttpUrl
from exporter.errors import Problem

CLUSTER_LABEL: Final = "cluster"
"""The label that all nodes of a cluster have in common, by which shipped rules aggregate."""

MASTER_LABEL: Final = "master_name"
"""The label that a primary and its replicas have in common where a Sentinel watches them."""


class ServersSection(CredentialsSection):
    """What differs for the servers that were found from those that are asked for them."""

    tls: bool | TlsSection | None = None
    """`true` or TLS options: they are reached by TLS; `false`: without. As the URLs where it is not given."""
    samplers: SamplersSection = Field(default_factory=SamplersSection)
    """What differs from `samplers` for these servers."""


class SeededSection(SourceSection):
    """Sources that are servers themselves."""

    placeholders = (*SourceSection.placeholders, "announced_host", "announced_port", "role")

    urls: Annotated[tuple[RedisUrl, ...], Field(min_length=1)]
    """Whom to ask: the first that answers. Others that it knows are asked when none of these answers."""
    addresses: AddressMap = Field(default_factory=dict)
    """Where servers are reached that announce other addresses, behind NAT or in containers:
    `{"10.0.0.5:6379": "redis-1.example.com:16379"}`; a host alone stands for all its ports."""
    servers: ServersSection = ServersSection()
    """What differs for the servers found: TLS, user and password, samplers."""
    replicas: bool = True
    """Whether replicas are watched too."""
    refresh_interval: PositiveDuration = Duration(30_000)
    """How often they are asked."""

    def _problems(self) -> Iterator[Problem]:
        yield from super()._problems()
        is_used = self.servers.tls is True or any(url.address.tls for url in self.urls)
        if self.tls.model_fields_set and not is_used:
            yield Problem(
                ("tls",), "has no effect: TLS needs a URL with rediss:// or valkeys://, or servers.tls"
            )

    @property
    def server_tls(self) -> bool:
        """Whether the servers found are reached by TLS."""
        tls = self.servers.tls
        return self.urls[0].address.tls if tls is None else tls is not False

    @property
    def server_tls_options(self) -> TlsSection:
        """How."""
        return self.servers.tls if isinstance(self.servers.tls, TlsSection) else self.tls

    @property
    def server_access(self) -> CredentialsSection | None:
        """The section with the servers' own user or password; None where the source's holds for them."""
        return self.servers if _has_credentials(self.servers) else None


def _has_credentials(section: CredentialsSection) -> bool:
    return any(getattr(section, name) for name in CredentialsSection.model_fields)


class ClusterSection(SeededSection):
    """A Redis Cluster: all its nodes are watched, as any of them lists them."""

    placeholders = (*SeededSection.placeholders, "cluster", "node_id")

    name: str = ""
    """The value of the label `cluster` of all nodes, by which shipped rules take them together; `host:port`
    of the first URL where neither it nor a `cluster` among the `labels` is given."""

    def _problems(self) -> Iterator[Problem]:
        yield from super()._problems()
        if self.name and CLUSTER_LABEL in self.labels:
            yield Problem(("name",), "labels holds a cluster too: only one of them can be")

    @property
    def cluster_name(self) -> str:
        """The value of the label `cluster`, unless `labels` have one."""
        return self.name or self.urls[0].address.instance


class SentinelSection(SeededSection):
    """Sentinels: the primaries that they watch, and their replicas.

    User and password are those of the servers; sentinels have theirs in the URLs. Where `servers` holds some,
    those of this section are for the sentinels.
    """

    placeholders = (*SeededSection.placeholders, "master_name")

    masters: tuple[str, ...] = ()
    """The names of primaries to watch; all that the sentinels know where none is given."""
    sentinels: bool = True
    """Whether the sentinels that `urls` name are watched too."""


def _pattern(text: str, info: ValidationInfo) -> str:
    base = info.context.base if isinstance(info.context, Context) else Path()
    if not text.rsplit("/", 1)[-1].endswith((".json", ".yml", ".yaml")):
        raise ValueError("must end with .json, .yml or .yaml")
    return str(base / text)


class FileSection(SourceSection):
    """Files in the format of Prometheus' file_sd: lists of `targets` and `labels`."""

    files: Annotated[tuple[Annotated[str, AfterValidator(_pattern)], ...], Field(min_length=1)]
    """Names; they may hold wildcards."""
    refresh_interval: PositiveDuration = Duration(30_000)
    """How often the files are read."""


class HttpSection(SourceSection):
    """An HTTP endpoint in the format of Prometheus' http_sd."""

    url: SecretHttpUrl
    """Where the list is; user, password and query are shown nowhere."""
    refresh_interval: PositiveDuration = Duration(60_000)
    """How often it is asked for."""


class DiscoverySection(Section):
    """Sources of servers; a source that fails keeps the servers that it named last."""

    cluster: tuple[ClusterSection, ...] = ()
    """Redis Clusters."""
    sentinel: tuple[SentinelSection, ...] = ()
    """Groups of sentinels."""
    file: tuple[FileSection, ...] = ()
    """Files that list servers."""
    http: tuple[HttpSection, ...] = ()
    """HTTP endpoints that list servers."""
    dns: tuple[DnsSection, ...] = ()
    """Names in DNS whose records are servers."""
    kubernetes: tuple[KubernetesSection, ...] = ()
    """Kubernetes clusters."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no source at all."""
        return not any(getattr(self, name) for name in type(self).model_fields)
