"""Model of alertmanager.yml as a whole, and its parser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import AfterValidator, Field, create_model

from exporter.config.alertmanager.globals import Global
from exporter.config.alertmanager.http import redact_password, redact_url
from exporter.config.alertmanager.inhibition import InhibitRule
from exporter.config.alertmanager.intervals import NamedInterval
from exporter.config.alertmanager.merging import find_incomplete
from exporter.config.alertmanager.names import find_problems
from exporter.config.alertmanager.plugins import extend_receiver
from exporter.config.alertmanager.receivers import Receiver
from exporter.config.alertmanager.routes import RouteConfig
from exporter.config.alertmanager.scalars import Text
from exporter.config.alertmanager.templates import check_pattern
from exporter.config.alertmanager.unused import EventRecorder, Tracing
from exporter.config.document import Document, validate
from exporter.config.fields import Section
from exporter.errors import ConfigError, Problem
from exporter.model.secret import Secret

_HIDDEN: Final = str(Secret(""))
# Keys of URLs that requests are sent to. Other URLs are part of messages, which are public anyway.
_REQUESTED: Final = frozenset({"api_url", "app_url", "proxy_url", "slack_app_url", "token_url"})


class AlertmanagerConfig(Section):
    """Receivers, routes, inhibition rules and time intervals."""

    global_: Global = Field(Global(), alias="global")
    """Defaults."""
    route: RouteConfig
    """The root of the route tree."""
    receivers: tuple[Receiver, ...] = ()
    """Names that routes refer to, each with the entries that notifications are sent by."""
    inhibit_rules: tuple[InhibitRule, ...] = ()
    """Which alerts keep quiet while others fire."""
    templates: tuple[Annotated[Text, AfterValidator(check_pattern)], ...] = ()
    """Files with templates; wildcards are allowed in names."""
    mute_time_intervals: tuple[NamedInterval, ...] = ()
    """Deprecated: the same as time_intervals."""
    time_intervals: tuple[NamedInterval, ...] = ()
    """Named intervals that routes refer to."""

    event_recorder: EventRecorder | None = None
    """Read, and used for nothing: `check alertmanager` and the log say so."""
    tracing: Tracing | None = None
    """As `event_recorder`."""

    @property
    def receiver_labels(self) -> dict[str, dict[str, str]]:
        """The labels of each receiver, its name among them."""
        return {receiver.name: receiver.all_labels for receiver in self.receivers}

    @property
    def routed_receivers(self) -> set[str]:
        """The names of the receivers that any route leads to."""
        return set(_receivers_of(self.route))

    @property
    def unused(self) -> tuple[str, ...]:
        """The sections that are written and used for nothing."""
        return tuple(name for name in ("event_recorder", "tracing") if getattr(self, name) is not None)

    @property
    def all_intervals(self) -> tuple[NamedInterval, ...]:
        """The time intervals under both keys."""
        return self.mute_time_intervals + self.time_intervals

    def to_yaml(self) -> str:
        """Format what was written as YAML, with `<secret>` for whatever must not be shown."""
        written = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        for receiver in written.get("receivers", ()):
            for webhook in receiver.get("webhook_configs", ()):
                if webhook.get("url") == _HIDDEN:
                    # Older versions of amtool, which parse this, require a URL here.
                    webhook["url"] = f"http://{_HIDDEN}"
        return yaml.safe_dump(_without_passwords(written), sort_keys=False, allow_unicode=True)


def _without_passwords(written: Any, key: str = "") -> Any:
    """Replace the secrets that Alertmanager shows in what was written.

    These are passwords in URLs, queries of URLs that requests go to, and parameters of OAuth 2.
    """
    if isinstance(written, dict):
        return {
            name: _HIDDEN if key == "endpoint_params" else _without_passwords(value, name)
            for name, value in written.items()
        }
    if isinstance(written, list):
        return [_without_passwords(value) for value in written]
    if not isinstance(written, str):
        return written
    return redact_url(written) if key in _REQUESTED else redact_password(written)


def _receivers_of(route: RouteConfig) -> Iterator[str]:
    yield route.receiver
    for child in route.routes:
        yield from _receivers_of(child)


def load_alertmanager_config(path: Path, display_name: str | None = None) -> AlertmanagerConfig:
    """Read alertmanager.yml; raises `ConfigError` with everything that is wrong with it."""
    return parse_alertmanager_config(Document.load(path, display_name, lenient=True))


def parse_alertmanager_config(document: Document) -> AlertmanagerConfig:
    """Parse a document as alertmanager.yml; raises `ConfigError` with everything that is wrong with it."""
    receiver, unloadable = extend_receiver(document.data)
    problems = [*map(document.placed, find_problems(document)), *map(document.placed, unloadable)]
    try:
        config = validate(document, _with_receiver(receiver))
    except ConfigError as error:
        raise ConfigError(_in_order([*error.problems, *problems])) from None
    incomplete = find_incomplete(config.receivers, config.global_)
    problems += [document.problem(problem.place, problem.message) for problem in incomplete]
    if problems:
        raise ConfigError(_in_order(problems))
    return config


def _with_receiver(receiver: type[Receiver]) -> type[AlertmanagerConfig]:
    """Return the model of a configuration with this model of receivers."""
    if receiver is Receiver:
        return AlertmanagerConfig
    field: Any = (tuple[receiver, ...], ())  # type: ignore[valid-type]  # made at run time
    return create_model("AlertmanagerConfig", __base__=AlertmanagerConfig, receivers=field)


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.line, problem.column))
