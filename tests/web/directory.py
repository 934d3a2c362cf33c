"""Stand-ins for the long-lived parts of the daemon that the web reads."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.config.main import Config, default_config
from exporter.model.labels import EMPTY, Labels
from exporter.rules.group import RuleGroup
from exporter.samplers.runner import TargetRunner


@dataclass
class Watched:
    """Targets that stay the same."""

    runners: Sequence[TargetRunner] = ()


@dataclass
class Rules:
    """Rule groups that stay the same."""

    groups: Sequence[RuleGroup] = ()


@dataclass
class External:
    """Labels that alerts are sent with."""

    external_labels: Labels = EMPTY

    def outgoing_labels(self, labels: Labels) -> Labels | None:
        return Labels({**self.external_labels.as_dict(), **labels.as_dict()})


@dataclass
class Current:
    """A configuration that stays the same."""

    config: Config = field(default_factory=lambda: default_config(()))


@dataclass
class LastReload:
    """How the last reload went."""

    succeeded: bool = True
    loaded_at: float = 0.0
    restart_needed: Sequence[str] = ()
    warnings: Sequence[str] = ()

    async def reload(self) -> None:
        """Read no files."""


@dataclass
class Alertmanagers:
    """Receivers of the alerts of the rules."""

    urls: Sequence[str]
