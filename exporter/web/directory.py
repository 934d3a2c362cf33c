"""Protocols of the daemon's long-lived parts that the web reads: a reload changes what they answer with."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from exporter.config.main import Config
from exporter.model.labels import Labels
from exporter.rules.group import RuleGroup
from exporter.samplers.runner import TargetRunner


class Targets(Protocol):
    """The watched servers."""

    @property
    def runners(self) -> Iterable[TargetRunner]:
        """The runners of all targets, in the order of the configuration."""
        ...


class RuleGroups(Protocol):
    """The rule groups."""

    @property
    def groups(self) -> Sequence[RuleGroup]:
        """All groups, in the order of their files."""
        ...


class ExternalLabels(Protocol):
    """The labels that tell this daemon's series and alerts from those of others."""

    @property
    def external_labels(self) -> Labels:
        """`global.external_labels`."""
        ...


class Outgoing(Protocol):
    """How alerts of rules are sent."""

    def outgoing_labels(self, labels: Labels) -> Labels | None:
        """Return the labels with which an alert of a rule is sent; None where relabelling drops it."""
        ...


class CurrentConfig(Protocol):
    """The configuration in force."""

    @property
    def config(self) -> Config:
        """Its values; of keys that need a restart, those that run."""
        ...


class ReloadState(Protocol):
    """The outcome of the last reload."""

    @property
    def succeeded(self) -> bool:
        """Whether the last reload, or the start, did."""
        ...

    @property
    def loaded_at(self) -> float:
        """When the files in force were read (epoch seconds)."""
        ...

    @property
    def restart_needed(self) -> Sequence[str]:
        """The keys whose values in the files hold only after a restart."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """One line for each thing in the files that is valid, but probably a mistake."""
        ...
