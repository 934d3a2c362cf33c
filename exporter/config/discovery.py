"""`discovery`: where further servers to watch are learnt from."""

from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from exporter.config.fields import Context, Duration, PositiveDuration, Section
from exporter.config.targets import AccessSection, LabelMap, RedisUrl, check_one_job
from exporter.config.validation import Fault, PlacedError
from exporter.config.web import check_http_url

CLUSTER_LABEL: Final = "cluster"
"""The label that all nodes of a cluster have in common, by which shipped rules aggregate."""


class SourceSection(AccessSection):
    """What all sources have: the way in to the servers that they name, and their labels."""

    job: str = ""
    """Instead of `global.job`, for these servers; a label `job` that the source gives a server wins."""
    labels: LabelMap = Field(default_factory=dict)
    """Labels that all series of these servers carry."""

    @model_validator(mode="after")
    def _check_job(self) -> Self:
        check_one_job(self.job, self.labels)
        return self


class ClusterSection(SourceSection):
    """A Redis Cluster: all its nodes are watched, as any of them lists them."""

    urls: Annotated[tuple[RedisUrl, ...], Field(min_length=1)]
    """Some nodes; the first that answers is asked."""
    name: str = ""
    """The value of the label `cluster` of all nodes, by which shipped rules take them together; `host:port`
    of the first URL where neither it nor a `cluster` among the `labels` is given."""
    replicas: bool = True
    """Whether replicas are watched too."""
    refresh_interval: PositiveDuration = Duration(30_000)
    """How often the nodes are asked for."""

    @model_validator(mode="after")
    def _check_name(self) -> Self:
        if self.name and CLUSTER_LABEL in self.labels:
            raise PlacedError([Fault(("name",), "labels holds a cluster too: only one of them can be")])
        return self

    @property
    def cluster_name(self) -> str:
        """The value of the label `cluster`, unless `labels` have one."""
        return self.name or self.urls[0].address.instance


class SentinelSection(SourceSection):
    """Sentinels: the primaries that they watch, and their replicas."""

    urls: Annotated[tuple[RedisUrl, ...], Field(min_length=1)]
    """The sentinels; the first that answers is asked. Credentials for them stand in the URLs."""
    masters: tuple[str, ...] = ()
    """The names of primaries to watch; all that the sentinels know where none is given."""
    replicas: bool = True
    """Whether replicas are watched too."""
    sentinels: bool = True
    """Whether the sentinels themselves are watched too."""
    refresh_interval: PositiveDuration = Duration(30_000)
    """How often the sentinels are asked."""


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

    url: Annotated[str, AfterValidator(check_http_url)]
    """Where the list is."""
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
