"""A reload builds everything that can fail from files, before anything that runs is touched."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from exporter.config.document import Document
from exporter.config.main import Config, add_targets, default_config, load_config
from exporter.config.samplers import SamplersSection
from exporter.config.settings import check_directory
from exporter.config.targets import TargetSection
from exporter.discovery.base import Found
from exporter.errors import ConfigError, Problem, UsageError
from exporter.model.shard import Shard
from exporter.model.target import JOB_LABEL, Target
from exporter.routing import Routing, load_routing
from exporter.rules.load import load_rule_files
from exporter.rules.model import RuleFile
from exporter.rules.required_selectors import required_selectors
from exporter.rules.tailoring import tailor
from exporter.samplers.registry import SAMPLERS
from exporter.samplers.slot import SamplerPlan
from exporter.selection import Cause, Choice, Selection
from exporter.shipped import shipped_rules
from exporter.store import RequiredSelector
from exporter.web.access import Access, read_access

ModelT = TypeVar("ModelT", bound=BaseModel)
LoadedT = TypeVar("LoadedT")


@dataclass(frozen=True, slots=True)
class Source:
    """The configuration on the command line: a file, or servers, or both."""

    config: Path | None = None
    urls: tuple[str, ...] = ()
    listen_address: str = ""
    """Instead of `web.listen_address`, where it is given."""
    storage_path: Path | None = None
    """Where the configuration has no `storage.path`: a container's volume, say."""
    shard: Shard | None = None
    """Instead of `shard`, where it is given."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: a set of files, read and found good."""

    config: Config
    targets: Mapping[Target, Sequence[SamplerPlan]]
    rule_files: Sequence[RuleFile]
    routing: Routing
    access: Access
    needs: Sequence[RequiredSelector]
    choices: Sequence[Choice] = ()
    """What becomes of each server of the configuration, in order: `targets` are those that are watched."""
    file: Path | None = None
    """The configuration file; None where the command line alone says what to do."""

    @property
    def left_out(self) -> Sequence[Cause]:
        """Why servers of the configuration are not watched, one entry each."""
        return [choice.cause for choice in self.choices if choice.cause is not None]

    @property
    def names(self) -> Set[str]:
        """The instances of all servers of the configuration, also of those that other shards watch."""
        return {choice.target.instance for choice in self.choices}

    @property
    def jobs(self) -> dict[str, str]:
        """The jobs of the servers, by instance."""
        return {target.instance: target.series_labels.get(JOB_LABEL) for target in self.targets}


def load_plan(source: Source) -> Plan:
    """Read every file.

    Raises `ConfigError` with all problems of all files, `UsageError` for a URL on the command line.
    """
    config = _load_config(source)
    try:
        return replace(plan_of(config), file=source.config)
    except ConfigError as error:
        # What several keys, or keys and other files, have together is found here, where the file is known.
        raise ConfigError(_placed(error.problems, source.config)) from None


def plan_of(config: Config) -> Plan:
    """Read the files that a configuration names.

    Raises `ConfigError` with all problems of all files.
    """
    problems: list[Problem] = []

    def attempt(load: Callable[[], LoadedT]) -> LoadedT | None:
        try:
            return load()
        except ConfigError as error:
            problems.extend(error.problems)
            return None

    rule_files = attempt(lambda: _load_rules(config))
    routing = attempt(lambda: _load_routing(config))
    access = attempt(lambda: read_access(config.web))
    choices = attempt(lambda: choices_of(config))
    if rule_files is None or routing is None or access is None or choices is None:
        raise ConfigError(problems)
    needs = required_selectors(rule_files)
    return Plan(config, _planned(config, choices), rule_files, routing, access, needs, choices)


def _placed(problems: Sequence[Problem], path: Path | None) -> Sequence[Problem]:
    """Problems with their places in the configuration file, where they have none in another one."""
    if path is None or all(problem.file for problem in problems):
        return problems
    document = Document.load(path)
    placed = [_placed_in(document, problem) for problem in problems if not problem.file]
    placed.sort(key=lambda problem: (problem.line, problem.column))
    return [*placed, *(problem for problem in problems if problem.file)]


def _placed_in(document: Document, problem: Problem) -> Problem:
    return document.placed(problem) if problem.place else replace(problem, file=document.name)


def _load_rules(config: Config) -> Sequence[RuleFile]:
    files = load_rule_files([path.absolute() for path in rule_paths(config)])
    return tailor(files, config.rules)


def rule_paths(config: Config) -> Sequence[Path]:
    """The rule files that a configuration asks for; the shipped ones where it says nothing."""
    paths = config.rule_paths
    return shipped_rules() if paths is None else paths


def _load_config(source: Source) -> Config:
    if source.config is None:
        config = default_config(source.urls)
    else:
        config = add_targets(load_config(source.config), source.urls)
    if source.shard is not None:
        config = config.model_copy(update={"shard": source.shard})
    if source.listen_address:
        web = config.web.model_copy(update={"listen_address": source.listen_address})
        config = config.model_copy(update={"web": web})
    if source.storage_path is not None and config.storage.path is None:
        storage = config.storage.model_copy(update={"path": _storage_path(source.storage_path)})
        config = config.model_copy(update={"storage": storage})
    return config


def _storage_path(path: Path) -> Path:
    try:
        return check_directory(path)
    except ValueError as error:
        raise UsageError(f"--storage.path: {error}") from error


def _load_routing(config: Config) -> Routing:
    alerting = config.alerting
    return load_routing(
        alerting.config_file,
        time.time,
        alerting.message_style,
        forwards=bool(alerting.alertmanagers),
        smtp_auth_without_tls=alerting.smtp_auth_without_tls,
        pictures=alerting.pictures,
    )


def plan_targets(config: Config) -> Mapping[Target, Sequence[SamplerPlan]]:
    """The servers to watch, each with its samplers; files with secrets are read now.

    Raises `ConfigError` where `relabel_configs` make of one what it cannot be.
    """
    return _planned(config, choices_of(config))


def _planned(config: Config, choices: Sequence[Choice]) -> Mapping[Target, Sequence[SamplerPlan]]:
    chosen = zip(config.targets, choices, strict=True)
    return {
        choice.target: plan_samplers(config, section) for section, choice in chosen if choice.cause is None
    }


def choices_of(config: Config) -> Sequence[Choice]:
    """What becomes of each configured server, in order; files with secrets are read now.

    Raises `ConfigError` where `relabel_configs` give two of them one name, or one an address that is none.
    """
    selection, job = Selection(config), config.global_.job
    choices = [selection.choose(section.to_target(job)) for section in config.targets]
    names: dict[str, str] = {}
    problems = [choice.message for choice in choices if choice.message]
    for section, choice in zip(config.targets, choices, strict=True):
        name = choice.target.instance
        if choice.cause in (None, Cause.SHARD) and names.setdefault(name, section.name) != section.name:
            problems.append(f'"{names[name]}" and "{section.name}" both become the instance "{name}"')
    if problems:
        raise ConfigError(
            Problem(("relabel_configs",), text.removeprefix("relabel_configs ")) for text in problems
        )
    return choices


def plan_found(
    config: Config, found: Iterable[Found], names: Set[str] | None = None
) -> Mapping[Target, Sequence[SamplerPlan]]:
    """Return the servers that discovery found, with the configured job and samplers.

    Those that have the name of a configured one (`names`, where relabelling has changed them) are left to
    that.
    """
    configured = {section.name for section in config.targets} if names is None else names
    return {
        replace(one.target, job=one.target.job or config.global_.job): plan_samplers(
            config, samplers=one.samplers
        )
        for one in found
        if one.target.instance not in configured
    }


def plan_samplers(
    config: Config, target: TargetSection | None = None, *, samplers: SamplersSection | None = None
) -> tuple[SamplerPlan, ...]:
    """Return the samplers of one server.

    The target's own settings go first, or those of the source that has found it, then `samplers`, then
    `global`.
    """
    merged = merged_samplers(config, target, samplers)
    interval = (target and target.sample_interval) or config.global_.sample_interval
    timeout = (target and target.sample_timeout) or config.global_.sample_timeout
    return tuple(
        SamplerPlan(
            spec=spec,
            settings=settings,
            interval_seconds=(interval if spec.self_paced else settings.interval or interval).seconds,
            timeout_seconds=timeout.seconds,
        )
        for spec in SAMPLERS
        if (settings := merged.section(spec.section)).is_wanted
    )


def merged_samplers(
    config: Config, target: TargetSection | None, samplers: SamplersSection | None = None
) -> SamplersSection:
    """`samplers` with what a target, or the source that has found it, says over them."""
    own = target.samplers if target else samplers
    return _override(config.samplers, own) if own else config.samplers


def _override(base: ModelT, override: ModelT) -> ModelT:
    """`base` with what was written in `override`, section by section."""
    update: dict[str, Any] = {}
    for name in override.model_fields_set:
        old, new = getattr(base, name), getattr(override, name)
        both = isinstance(old, BaseModel) and type(old) is type(new)
        update[name] = _override(old, new) if both else new
    return base.model_copy(update=update)
