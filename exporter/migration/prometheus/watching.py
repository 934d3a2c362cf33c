"""What is watched after the migration: servers and sources, their timing, and by which job they are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from exporter.config.settings import GlobalSection
from exporter.drafts import Commented
from exporter.migration.notes import Notes
from exporter.migration.prometheus.exporters import Exporters
from exporter.migration.prometheus.global_section import GlobalPart
from exporter.migration.prometheus.reading import RawJob
from exporter.migration.prometheus.scrapes import (
    DEFAULT_INTERVAL,
    DEFAULT_TIMEOUT,
    JobSection,
    Scrape,
    read_job,
    scrapes_of,
)
from exporter.migration.prometheus.sources import FoundSource, sources_of
from exporter.migration.prometheus.targets import Timing, servers_of, without_exporters_themselves
from exporter.migration.servers import Server, with_own_names
from exporter.model.counts import count_of
from exporter.model.duration import format_duration
from exporter.model.target import JOB_LABEL

_DEFAULTS: Final = GlobalSection()
_NAMES: Final = "instance and job are what they have been, so that alerts, silences and dashboards go on"


@dataclass(frozen=True, slots=True)
class Watching:
    """Everything that is watched. Where it is of one job, that is the daemon's own, else a label of each."""

    servers: Sequence[Server]
    sources: Sequence[FoundSource]
    jobs: Sequence[str]
    timing: Mapping[str, str]
    interval_ms: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to watch."""
        return not self.servers and not self.sources

    @property
    def holds_secrets(self) -> bool:
        """Whether the section `discovery` does."""
        return any(source.holds_secrets for source in self.sources)

    @property
    def labels(self) -> set[str]:
        """The names of labels that servers have."""
        steps = [step for source in self.sources for step in source.section.get("relabel_configs", ())]
        targets = {str(step.get("target_label", "")) for step in steps}
        return {name for server in self.servers for name in server.labels} | targets - {""}

    @property
    def discovery(self) -> Mapping[str, Any]:
        """The section `discovery`; nothing where there is none."""
        kinds: dict[str, list[Mapping[str, Any]]] = {}
        for source in self.sources:
            job = {"job": source.job} if len(self.jobs) == 1 else {"labels": {JOB_LABEL: source.job}}
            *first, steps = source.section.items()
            kinds.setdefault(source.kind, []).append({**dict(first), **job, **dict([steps])})
        comment = "Where further servers are learnt from."
        return {"discovery": Commented(kinds, comment)} if kinds else {}


def watching_of(jobs: Mapping[RawJob, str], part: GlobalPart, exporters: Exporters, notes: Notes) -> Watching:
    """Look at all jobs, each with why it is taken; raises `ConfigError` with what is wrong with one."""
    sections = [read_job(job) for job in jobs]
    scrapes = _scrapes(list(jobs), sections, part, exporters, notes)
    servers: list[Server] = []
    sources: list[FoundSource] = []
    for number, (job, section) in enumerate(zip(jobs, sections, strict=True)):
        _tell_defaults(job, section, part, notes)
        timing = Timing(
            bool(section.scrape_interval or part.scrape_interval),
            bool(section.scrape_timeout or part.scrape_timeout),
        )
        own = list(servers_of(job, scrapes[number], timing, exporters, notes))
        found = list(sources_of(job, exporters, notes))
        _tell_timing_of_sources(job, section, found, notes)
        notes.take(f"{job.where()}: job {job.name}, known by {jobs[job]}: {_counted(own, found)}")
        servers += own
        sources += found
    if servers:
        notes.take(_NAMES)
    interval_ms, timeout_ms = _common(servers, part)
    names = list(dict.fromkeys(_names(servers, sources)))
    return Watching(
        [_placed(server, names, interval_ms, timeout_ms) for server in with_own_names(servers, notes)],
        sources,
        names,
        _timing(interval_ms, timeout_ms),
        interval_ms,
    )


def _scrapes(
    jobs: Sequence[RawJob],
    sections: Sequence[JobSection],
    part: GlobalPart,
    exporters: Exporters,
    notes: Notes,
) -> Mapping[int, Sequence[Scrape]]:
    interval, timeout = part.scrape_interval or DEFAULT_INTERVAL, part.scrape_timeout or DEFAULT_TIMEOUT
    found: dict[int, Sequence[Scrape]] = {}
    for number, (job, section) in enumerate(zip(jobs, sections, strict=True)):
        outcomes = list(scrapes_of(job, section, interval, timeout))
        found[number] = [one for one in outcomes if one is not None]
        if dropped := len(outcomes) - len(found[number]):
            notes.differ(f"job {job.name}: relabelling drops {count_of(dropped, 'target')}", job.where())
    return without_exporters_themselves(found, jobs, exporters, notes)


def _counted(servers: Sequence[Server], sources: Sequence[FoundSource]) -> str:
    found = [f"{count_of(len(sources), 'source')} of servers"] if sources else []
    return " and ".join([*([count_of(len(servers), "server")] if servers or not sources else []), *found])


def _tell_defaults(job: RawJob, section: JobSection, part: GlobalPart, notes: Notes) -> None:
    if not (section.scrape_interval or part.scrape_interval):
        notes.differ(
            f"job {job.name}: no scrape_interval is written, which is 1m in Prometheus; servers are sampled "
            f"every {_DEFAULTS.sample_interval} here",
            job.where(),
        )


def _names(servers: Sequence[Server], sources: Sequence[FoundSource]) -> Sequence[str]:
    return [*(server.labels[JOB_LABEL] for server in servers), *(source.job for source in sources)]


def _common(servers: Sequence[Server], part: GlobalPart) -> tuple[int, int]:
    """What all servers have in common goes to `global`; 0 for our defaults."""
    intervals = {server.sample_interval_ms for server in servers}
    timeouts = {server.sample_timeout_ms for server in servers}
    interval = part.scrape_interval.milliseconds if part.scrape_interval else 0
    timeout = part.scrape_timeout.milliseconds if part.scrape_timeout else 0
    interval_ms = intervals.pop() if len(intervals) == 1 else interval
    timeout_ms = timeouts.pop() if len(timeouts) == 1 else timeout
    return interval_ms, min(timeout_ms, interval_ms or _DEFAULTS.sample_interval.milliseconds)


def _timing(interval_ms: int, timeout_ms: int) -> Mapping[str, str]:
    return {
        **({"sample_interval": format_duration(interval_ms)} if interval_ms else {}),
        **({"sample_timeout": format_duration(timeout_ms)} if timeout_ms else {}),
    }


def _placed(server: Server, names: Sequence[str], interval_ms: int, timeout_ms: int) -> Server:
    """The server without what stands in `global`."""
    labels = {name: value for name, value in server.labels.items() if name != JOB_LABEL or len(names) > 1}
    return replace(
        server,
        labels=labels,
        sample_interval_ms=0 if server.sample_interval_ms == interval_ms else server.sample_interval_ms,
        sample_timeout_ms=0 if server.sample_timeout_ms == timeout_ms else server.sample_timeout_ms,
    )


def _tell_timing_of_sources(
    job: RawJob, section: JobSection, found: Sequence[FoundSource], notes: Notes
) -> None:
    own = section.scrape_interval or section.scrape_timeout
    if found and own:
        notes.differ(
            f"job {job.name}: its own scrape_interval and scrape_timeout do not hold for servers that are "
            "found: those under global do",
            job.where("scrape_interval" if section.scrape_interval else "scrape_timeout"),
        )
