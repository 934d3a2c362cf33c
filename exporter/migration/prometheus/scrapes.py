"""What a job's static targets are after relabelling, as Prometheus computes it.

Source: `PopulateLabels` of scrape/target.go of github.com/prometheus/prometheus.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from exporter.config.fields import Duration, PositiveDuration
from exporter.config.relabeling import RelabelSection
from exporter.discovery.relabeling import Relabeling
from exporter.errors import Place
from exporter.migration.prometheus.reading import LenientSection, RawJob, read_section

DEFAULT_INTERVAL: Final = Duration(60_000)
DEFAULT_TIMEOUT: Final = Duration(10_000)
INTERVAL_LABEL: Final = "__scrape_interval__"
TIMEOUT_LABEL: Final = "__scrape_timeout__"
_ADDRESS: Final = "__address__"
_PARAMETER: Final = "__param_"


def _texts(value: object) -> object:
    return value or ()


class StaticGroup(LenientSection):
    """One entry of `static_configs`."""

    targets: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()
    labels: dict[str, str] = Field(default_factory=dict)


class JobSection(LenientSection):
    """What counts of a job here."""

    job_name: Annotated[str, Field(min_length=1)]
    scrape_interval: PositiveDuration | None = None
    scrape_timeout: PositiveDuration | None = None
    metrics_path: str = "/metrics"
    scheme: str = "http"
    params: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    relabel_configs: tuple[RelabelSection, ...] = ()
    static_configs: tuple[StaticGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class Scrape:
    """One target of Prometheus: what is asked, with which labels. `place` is where it is written."""

    place: Place
    address: str
    labels: Mapping[str, str]
    """Those of its series, `instance` and `job` among them."""
    parameters: Mapping[str, str]
    interval: str
    timeout: str


def read_job(job: RawJob) -> JobSection:
    """The job as a model; raises `ConfigError` with all that is wrong with it."""
    return read_section(job.document, job.place, JobSection, job.data)


def scrapes_of(
    job: RawJob, section: JobSection, interval: Duration, timeout: Duration
) -> Iterator[Scrape | None]:
    """What each static target is scraped as; None for one that relabelling drops."""
    relabeling = Relabeling(section.relabel_configs)
    for number, group in enumerate(section.static_configs):
        for index, target in enumerate(group.targets):
            place = (*job.place, "static_configs", number, "targets", index)
            labels = relabeling.apply(_labels(section, group, target, interval, timeout))
            yield None if labels is None or not labels.get(_ADDRESS) else _scrape(place, labels)


def _labels(
    section: JobSection, group: StaticGroup, target: str, interval: Duration, timeout: Duration
) -> Mapping[str, str]:
    parameters = {f"{_PARAMETER}{name}": values[0] for name, values in section.params.items() if values}
    return {
        "job": section.job_name,
        INTERVAL_LABEL: str(section.scrape_interval or interval),
        TIMEOUT_LABEL: str(section.scrape_timeout or timeout),
        "__metrics_path__": section.metrics_path,
        "__scheme__": section.scheme,
        **group.labels,
        _ADDRESS: target,
        **parameters,
    }


def _scrape(place: Place, labels: Mapping[str, str]) -> Scrape:
    address = labels[_ADDRESS]
    shown = {name: value for name, value in labels.items() if not name.startswith("__") and value}
    parameters = {
        name.removeprefix(_PARAMETER): value for name, value in labels.items() if name.startswith(_PARAMETER)
    }
    return Scrape(
        place,
        address,
        {**shown, "instance": shown.get("instance", address)},
        parameters,
        labels.get(INTERVAL_LABEL, ""),
        labels.get(TIMEOUT_LABEL, ""),
    )
