"""`discovery`: where further servers to watch are learnt from."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from exporter.config.fields import Context, Duration, PositiveDuration, Section
from exporter.config.targets import AccessSection, LabelMap, RedisUrl
from exporter.config.web import check_http_url


class SourceSection(AccessSection):
    """What all sources have: the way in to the servers that they name, and their labels."""

    labels: LabelMap = Field(default_factory=dict)
    """Labels that all series of these servers carry."""


class ClusterSection(SourceSection):
    """A Redis Cluster: all its nodes are watched, as any of them lists them."""

    urls: Annotated[tuple[RedisUrl, ...], Field(min_length=1)]
    """Some nodes; the first that answers is asked."""
    replicas: bool = True
    """Whether replicas are watched too."""
    refresh_interval: PositiveDuration = Duration(30_000)
    """How often the nodes are asked for."""


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
