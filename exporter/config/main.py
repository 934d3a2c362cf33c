"""`config.yml` as a whole."""

import glob
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from exporter.config.discovery import DiscoverySection
from exporter.config.document import Document, validate
from exporter.config.fields import Context, Section, unreadable
from exporter.config.otlp import OtlpSection
from exporter.config.peers import PeerSection, check_peers
from exporter.config.query import QuerySection
from exporter.config.redis_exporter import targets_of_variables
from exporter.config.relabeling import RelabelSection
from exporter.config.remote_write import RemoteWriteSection, check_names
from exporter.config.rules import RuleSections
from exporter.config.samplers import SamplersSection
from exporter.config.settings import AlertingSection, GlobalSection, StorageSection
from exporter.config.shard import ShardText
from exporter.config.targets import TargetSection, check_timeout
from exporter.config.url import parse_server_url
from exporter.config.validation import PlacedError
from exporter.config.web import WebSection
from exporter.errors import Problem, UsageError
from exporter.shipped import shipped

DEFAULT_URL = "redis://localhost:6379"
URL_VARIABLE = "REDIS_URL"


SHIPPED_RULES = "shipped"
"""Stands in `rule_files` for the rules that come with the daemon."""


def _rule_pattern(text: str, info: ValidationInfo) -> str:
    if text == SHIPPED_RULES:
        return str(Path(glob.escape(str(shipped("rules")))) / "*.yml")
    base = info.context.base if isinstance(info.context, Context) else Path()
    # A pattern may match nothing yet; a plain name that is not there is a typing error.
    if glob.has_magic(text):
        return str(Path(glob.escape(str(base))) / text)
    path = base / text
    if problem := unreadable(path):
        raise ValueError(problem)
    return glob.escape(str(path))


class Config(Section):
    """Everything that the daemon can be told."""

    global_: GlobalSection = Field(GlobalSection(), alias="global")
    """Defaults for everything."""
    targets: tuple[TargetSection, ...] = ()
    """The servers to watch."""
    discovery: DiscoverySection = DiscoverySection()
    """Where further servers to watch are learnt from."""
    relabel_configs: tuple[RelabelSection, ...] = ()
    """What is done to the labels of every server, configured or found, or whether it is left out, as in
    Prometheus; after the `relabel_configs` of the source that has found it."""
    shard: ShardText | None = None
    """Which of several daemons this one is, such as `2/5`: each server is watched by exactly one of them."""
    samplers: SamplersSection = SamplersSection()
    """Which questions are asked, and how often."""
    rule_files: tuple[Annotated[str, AfterValidator(_rule_pattern)], ...] | None = None
    """Prometheus rule files; names may hold wildcards. `shipped` stands for those that come with the daemon,
    but for those of which another file has the name. Without this key the shipped ones run."""
    rules: dict[str, RuleSections] = Field(default_factory=dict)
    """What is otherwise in rules of `rule_files`, by their names:
    `{RedisMemoryHigh: {threshold: 80%}}`. Of a list the first entry counts whose `where` is true for a
    series; where none is, the rule is as its file has it."""
    alerting: AlertingSection = AlertingSection()
    """Who is told of alerts."""
    storage: StorageSection = StorageSection()
    """What is kept, where, and for how long."""
    otlp: OtlpSection = OtlpSection()
    """Where metrics and logs are sent by OTLP."""
    remote_write: Annotated[tuple[RemoteWriteSection, ...], AfterValidator(check_names)] = ()
    """Whom every sample is sent to: Prometheus, Mimir, Thanos, VictoriaMetrics and others that speak remote
    write."""
    peers: Annotated[tuple[PeerSection, ...], AfterValidator(check_peers)] = ()
    """Other daemons, whose findings and servers stand on the first page and in `/health`, too."""
    query: QuerySection = QuerySection()
    """What queries by HTTP may cost."""
    web: WebSection = WebSection()
    """The daemon's own HTTP server."""

    @model_validator(mode="after")
    def _check_instances(self) -> Self:
        seen: dict[str, int] = {}
        problems = []
        for index, target in enumerate(self.targets):
            if target.name in seen:
                place = ("targets", index, "instance" if target.instance else "url")
                first = seen[target.name]
                problems.append(Problem(place, f'instance "{target.name}" is targets[{first}] already'))
            seen.setdefault(target.name, index)
        if problems:
            raise PlacedError(problems)
        return self

    @model_validator(mode="after")
    def _check_timeouts(self) -> Self:
        """Those of targets that have no interval of their own."""
        for index, target in enumerate(self.targets):
            if target.sample_timeout and not target.sample_interval:
                try:
                    interval = self.global_.sample_interval
                    check_timeout(target.sample_timeout, interval, "global.sample_interval")
                except PlacedError as error:
                    place = ("targets", index)
                    raise PlacedError(
                        Problem((*place, *problem.place), problem.message) for problem in error.problems
                    ) from None
        return self

    @property
    def rule_paths(self) -> Sequence[Path] | None:
        """The rule files as they are there now, each once; None where the key is missing.

        A file takes the place of the shipped one of its name.
        """
        if self.rule_files is None:
            return None
        found = [Path(path) for pattern in self.rule_files for path in sorted(glob.glob(pattern))]
        folder = shipped("rules")
        own = {path.name for path in found if path.parent != folder}
        return [path for path in dict.fromkeys(found) if path.parent != folder or path.name not in own]

    @property
    def empty_rule_patterns(self) -> Sequence[str]:
        """The patterns of rule files that no file matches now."""
        return [pattern for pattern in self.rule_files or () if not glob.glob(pattern)]


def load_config(path: Path) -> Config:
    """Read a configuration; raises `ConfigError` with everything that is wrong with it."""
    return validate(Document.load(path), Config)


def default_config(urls: Sequence[str] = (), environment: Mapping[str, str] = os.environ) -> Config:
    """Return the configuration of a daemon that has no file, with the shipped rules.

    It watches these servers, else `$REDIS_URL`, else what redis_exporter would by its variables, else
    localhost.

    Raises `UsageError` for a URL that is none.
    """
    if urls:
        return add_targets(Config.model_validate({}), urls)
    url = environment.get(URL_VARIABLE)
    if url:
        return Config.model_validate({"targets": (_target(url, f"${URL_VARIABLE}"),)})
    sections = targets_of_variables(environment) or (_target(DEFAULT_URL),)
    return Config.model_validate({"targets": tuple(sections)})


def add_targets(config: Config, urls: Sequence[str]) -> Config:
    """The same with these servers besides; those it has already are left as they are.

    Raises `UsageError`.
    """
    known = {target.name: target for target in config.targets}
    for url in urls:
        section = _target(url)
        known.setdefault(section.name, section)
    return config.model_copy(update={"targets": tuple(known.values())})


def _target(text: str, origin: str = "the server's URL") -> TargetSection:
    try:
        return TargetSection(url=parse_server_url(text))
    except ValueError as error:
        raise UsageError(f"{origin} {error}") from error
