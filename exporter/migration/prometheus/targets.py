"""Static targets of a job as servers to watch, under the names that they have had."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.config.relabeling import LABEL_NAME
from exporter.config.url import ServerUrl, parse_server_url
from exporter.migration.notes import Notes, line_of
from exporter.migration.passwords import Password
from exporter.migration.prometheus.exporters import Exporters, host_of, server_beside
from exporter.migration.prometheus.reading import RawJob
from exporter.migration.prometheus.recognition import KEY_PARAMETERS, TARGET_PARAMETER
from exporter.migration.prometheus.scrapes import Scrape
from exporter.migration.servers import Server
from exporter.model.duration import parse_duration
from exporter.model.key_choice import parse_choices
from exporter.model.secret import Secret
from exporter.url_login import without_password

_TARGET = TARGET_PARAMETER.removeprefix("__param_")


@dataclass(frozen=True, slots=True)
class Timing:
    """Whether a configuration says how often it scrapes, and with which patience; else our defaults hold."""

    interval: bool
    timeout: bool


def servers_of(
    job: RawJob, scrapes: Sequence[Scrape], timing: Timing, exporters: Exporters, notes: Notes
) -> Iterator[Server]:
    """The servers behind these targets; what cannot be told is noted."""
    crowded = _crowded_hosts(scrapes, exporters)
    for scrape in scrapes:
        where = line_of(job.document, scrape.place)
        url = _server(scrape, crowded, exporters, notes, where)
        if url is not None:
            yield _make(scrape, url, exporters.password_of(url), timing, notes, where)


def _crowded_hosts(scrapes: Sequence[Scrape], exporters: Exporters) -> set[str]:
    """Hosts with several exporters of which nobody has told whom they ask."""
    untold = {
        scrape.address
        for scrape in scrapes
        if _TARGET not in scrape.parameters and scrape.address not in exporters.urls
    }
    counts = Counter(map(host_of, untold))
    return {host for host, count in counts.items() if count > 1}


def _server(
    scrape: Scrape, crowded: set[str], exporters: Exporters, notes: Notes, where: str
) -> ServerUrl | None:
    if target := scrape.parameters.get(_TARGET):
        try:
            return parse_server_url(target)
        except ValueError as error:
            notes.differ(f"this server is not taken: its address {error}", where)
            return None
    if url := exporters.find(scrape.address):
        return url
    address = scrape.address
    tell = f"tell it by --exporter {address}=redis://host:port"
    beside = server_beside(address)
    if beside is None or host_of(address) in crowded:
        notes.differ(f"which server {address} asks does not stand here, and it is not taken: {tell}", where)
        return None
    notes.differ(
        f"which server {address} asks does not stand here: {beside} is taken; if it is another, {tell}",
        where,
    )
    return beside


def _make(
    scrape: Scrape, url: ServerUrl, password: Secret, timing: Timing, notes: Notes, where: str
) -> Server:
    labels = {name: value for name, value in scrape.labels.items() if name != "instance"}
    for name in [name for name in labels if not LABEL_NAME.fullmatch(name)]:
        notes.differ(f'the label "{name}" is left out: letters, digits and _ make a name here', where)
        del labels[name]
    return Server(
        url,
        where,
        instance=_name(scrape.labels["instance"], notes, where),
        password=Password(password),
        labels=labels,
        sample_interval_ms=parse_duration(scrape.interval) if timing.interval else 0,
        sample_timeout_ms=parse_duration(scrape.timeout) if timing.timeout else 0,
        samplers=dict(_samplers(scrape, notes, where)),
    )


def _name(instance: str, notes: Notes, where: str) -> str:
    """The name of a server as it was, but for the password of a URL: names are seen everywhere."""
    name = without_password(instance)
    if name != instance:
        notes.differ(f"the label instance is {name}, without the password that stands in it there", where)
    return name


def _samplers(scrape: Scrape, notes: Notes, where: str) -> Iterator[tuple[str, Any]]:
    sections: dict[str, dict[str, Sequence[str]]] = {}
    for name, value in scrape.parameters.items():
        if name in KEY_PARAMETERS:
            sampler, key = KEY_PARAMETERS[name]
            try:
                sections.setdefault(sampler, {})[key] = list(map(str, parse_choices(value)))
            except ValueError as error:
                notes.differ(f"the parameter {name} is not taken: {error}", where)
        elif name != _TARGET:
            notes.differ(
                f"the parameter {name} is not taken: it is none that is known of redis_exporter", where
            )
    yield from sections.items()


def without_exporters_themselves(
    found: Mapping[int, Sequence[Scrape]], jobs: Sequence[RawJob], exporters: Exporters, notes: Notes
) -> Mapping[int, Sequence[Scrape]]:
    """Leave out jobs whose targets are exporters that other jobs ask for servers: they are about exporters.

    A job that has other targets as well is about the servers that they ask.
    """
    asked = {
        scrape.address for scrapes in found.values() for scrape in scrapes if _TARGET in scrape.parameters
    }
    kept: dict[int, Sequence[Scrape]] = {}
    for number, scrapes in found.items():
        is_about_exporters = all(
            _TARGET not in one.parameters and one.address in asked - exporters.urls.keys() for one in scrapes
        )
        kept[number] = () if is_about_exporters else scrapes
        if is_about_exporters:
            for scrape in scrapes:
                notes.differ(
                    f"{scrape.address} is the exporter itself, which is not needed any more: the daemon "
                    "tells of itself (redis_vigil_…)",
                    line_of(jobs[number].document, scrape.place),
                )
    return kept
