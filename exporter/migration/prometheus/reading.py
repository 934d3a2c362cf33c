"""A `prometheus.yml` with the scrape jobs of its `scrape_config_files`, as data that know their places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, ValidationError

from exporter.config.document import Document
from exporter.config.fields import Context, Section
from exporter.config.validation import problems_of
from exporter.errors import ConfigError, Place
from exporter.migration.notes import line_of

SectionT = TypeVar("SectionT", bound=Section)


class LenientSection(Section):
    """A mapping of which some keys are read here, and the others left to whoever knows them."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True, slots=True, eq=False)
class RawJob:
    """One entry of `scrape_configs` as it is written."""

    document: Document
    place: Place
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its `job_name`."""
        return str(self.data.get("job_name") or "")

    def where(self, *steps: str | int) -> str:
        """`file:line` of the job, or of something in it."""
        return line_of(self.document, (*self.place, *steps), at_key=bool(steps))


@dataclass(frozen=True, slots=True)
class PrometheusFile:
    """A whole configuration."""

    document: Document
    data: Mapping[str, Any]
    jobs: Sequence[RawJob]

    def part(self, key: str) -> Any:
        """A top-level section."""
        return self.data.get(key)


def read_prometheus(document: Document) -> PrometheusFile:
    """Read the file and those that it names for jobs; raises `ConfigError` where it is none of Prometheus."""
    data = document.data
    if not isinstance(data, dict) or not data.keys() & {"scrape_configs", "scrape_config_files"}:
        message = "has no scrape_configs: is it a prometheus.yml?"
        raise ConfigError([document.problem((), message)])
    jobs = list(_jobs(document, data))
    for path in _job_files(document, data):
        other = Document.load(path)
        if isinstance(other.data, dict):
            jobs += _jobs(other, other.data)
    return PrometheusFile(document, data, jobs)


def _jobs(document: Document, data: Mapping[str, Any]) -> Iterator[RawJob]:
    jobs = data.get("scrape_configs") or []
    if not isinstance(jobs, list):
        raise ConfigError([document.problem(("scrape_configs",), "must be a list of jobs")])
    for index, job in enumerate(jobs):
        place: Place = ("scrape_configs", index)
        if not isinstance(job, dict):
            raise ConfigError([document.problem(place, "must be a mapping with a job_name")])
        yield RawJob(document, place, job)


def _job_files(document: Document, data: Mapping[str, Any]) -> Iterator[Path]:
    for pattern in texts_of(data.get("scrape_config_files")):
        yield from map(Path, sorted(glob(str(document.base / pattern))))


def texts_of(value: Any) -> Sequence[str]:
    """The texts of a list; nothing where it is no list."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def mappings_of(value: Any) -> Sequence[Mapping[str, Any]]:
    """The mappings of a list; nothing where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def read_section(document: Document, place: Place, model: type[SectionT], data: Any) -> SectionT:
    """A part of a file as a model; raises `ConfigError` with all that is wrong with it."""
    try:
        return model.model_validate(data, context=Context(document.base))
    except ValidationError as error:
        raise ConfigError(
            document.problem((*place, *problem.place), problem.message, at_key=problem.at_key)
            for problem in problems_of(error, model, data)
        ) from None
