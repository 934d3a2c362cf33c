"""`Readiness`: tells when the daemon can be relied on."""

from dataclasses import dataclass

from exporter.rules.manager import RuleManager
from exporter.samplers.target_manager import TargetManager


@dataclass(slots=True)
class Readiness:
    """Readiness of the daemon.

    It is ready once everything has been started, every target has been sampled, and rules are being
    evaluated.
    """

    target_manager: TargetManager
    rules: RuleManager
    is_started: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether that is so now."""
        is_sampled = all(runner.status.up is not None for runner in self.target_manager.runners)
        return self.is_started and self.rules.gate.is_open and is_sampled
