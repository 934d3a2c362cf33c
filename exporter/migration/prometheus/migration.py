"""`migrate_prometheus`: from a `prometheus.yml` to a draft."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from exporter.config.document import Document
from exporter.drafts import Commented, Draft, Suggestion
from exporter.errors import ConfigError, Problem, UsageError
from exporter.migration.configuration import draft_of, targets_of
from exporter.migration.notes import Notes
from exporter.migration.passwords import SecretFiles
from exporter.migration.prometheus.alerting import convert_alerting
from exporter.migration.prometheus.exporters import Exporters
from exporter.migration.prometheus.global_section import (
    GlobalPart,
    external_labels,
    read_global,
    tell_leftovers,
)
from exporter.migration.prometheus.leftovers import tell_leftovers_of_file, tell_leftovers_of_job
from exporter.migration.prometheus.reading import PrometheusFile, RawJob, read_prometheus
from exporter.migration.prometheus.recognition import reason_for
from exporter.migration.prometheus.remote_write import convert_remote_write
from exporter.migration.prometheus.rule_files import RuleFiles, convert_rule_files
from exporter.migration.prometheus.scraping import SCRAPE_FILE, scrape_file
from exporter.migration.prometheus.watching import Watching, watching_of
from exporter.model.target import DEFAULT_JOB

_SHIPPED: Final = (
    'Your own rules. Those that come with the daemon run as well with "shipped" among these: some of them '
    "say what yours say."
)
_NO_RULES: Final = "no rules of this file are taken: those that come with redis-vigil run (docs/rules.md)"
_TWICE: Final = (
    "until that Prometheus stops evaluating these rules, both send the same alerts, which an Alertmanager "
    "takes as one while their labels are the same"
)
_MOST_NAMES: Final = 10
_PORT: Final = "Where a redis_exporter listens on this machine, the port is taken until it is stopped."


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line says besides the file."""

    jobs: Sequence[str] = ()
    exporters: Exporters = field(default_factory=Exporters)
    alertmanager: Path | None = None
    """An alertmanager.yml that was found good."""
    environment: Mapping[str, str] = field(default_factory=dict)


def migrate_prometheus(document: Document, choices: Choices) -> Draft:
    """Return the draft for a `prometheus.yml`.

    Raises `ConfigError` with what is wrong with the file, or why nothing of it can be taken, and `UsageError`
    for choices that name what is not there.
    """
    notes, secrets = Notes(), SecretFiles()
    file = read_prometheus(document)
    part = read_global(file)
    jobs = _chosen_jobs(file, choices.jobs)
    watching = watching_of(jobs, part, choices.exporters, notes)
    _tell_others(file, jobs, notes)
    choices.exporters.check_used()
    if watching.is_empty:
        problems = [Problem((), line) for line in notes.differs]
        raise ConfigError([*problems, Problem((), "no server of it can be taken", file=document.name)])
    for job in jobs:
        tell_leftovers_of_job(job, notes)
    labels = external_labels(file, part, choices.environment, notes)
    rules = convert_rule_files(file, {*watching.labels, *labels}, watching.jobs, notes)
    alerting = convert_alerting(file, choices.alertmanager, notes)
    remote_write = convert_remote_write(file, secrets, notes)
    tell_leftovers(file, notes)
    tell_leftovers_of_file(file, notes)
    notes.differ(_TWICE if rules.paths else _NO_RULES)
    sections: dict[str, Any] = {
        "global": _global_section(watching, part, labels),
        **targets_of([server.entry(secrets, notes, watching.interval_ms) for server in watching.servers]),
        **watching.discovery,
        **_rule_section(rules),
        **({"alerting": alerting.section} if alerting.section else {}),
        **remote_write.section,
        "web": Suggestion({"listen_address": ":9122"}, _PORT),
    }
    return draft_of(
        {key: value for key, value in sections.items() if value},
        _heading(document.name),
        secrets,
        notes,
        {**rules.files, SCRAPE_FILE: scrape_file(watching.jobs)},
        holds_secrets=alerting.holds_secrets or remote_write.holds_secrets or watching.holds_secrets,
    )


def _chosen_jobs(file: PrometheusFile, names: Collection[str]) -> Mapping[RawJob, str]:
    """The jobs that are taken, each with why."""
    all_names = [job.name for job in file.jobs]
    for name in names:
        if name not in all_names:
            raise UsageError(
                f"--job {name}: {file.document.name} has no such job, there are {_listed(all_names)}"
            )
    reasons = {job: ("--job" if job.name in names else "" if names else reason_for(job)) for job in file.jobs}
    chosen = {job: reason for job, reason in reasons.items() if reason}
    if not chosen:
        message = (
            "no job looks like redis_exporter's (path /scrape with targets, port 9121, or a name with redis "
            f"in it): name it by --job; there are {_listed(all_names)}"
        )
        raise ConfigError([Problem((), message, file=file.document.name)])
    return chosen


def _tell_others(file: PrometheusFile, chosen: Collection[RawJob], notes: Notes) -> None:
    if others := [job.name for job in file.jobs if job not in chosen]:
        notes.take(f"left to Prometheus: {_listed(others)}")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _global_section(watching: Watching, part: GlobalPart, labels: Mapping[str, str]) -> Mapping[str, Any]:
    job = watching.jobs[0] if len(watching.jobs) == 1 else DEFAULT_JOB
    return {
        **watching.timing,
        **({"evaluation_interval": str(part.evaluation_interval)} if part.evaluation_interval else {}),
        **({"external_labels": dict(labels)} if labels else {}),
        **({"job": job} if job != DEFAULT_JOB else {}),
    }


def _rule_section(rules: RuleFiles) -> Mapping[str, Any]:
    return {"rule_files": Commented(list(rules.paths), _SHIPPED)} if rules.paths else {}


def _heading(name: str) -> str:
    return (
        f"Made by `redis-vigil migrate prometheus` of {name}.\n"
        "`redis-vigil check config config.yml` tells what is wrong, docs/configuration.md has every key."
    )
