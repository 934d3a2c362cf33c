"""The status of a rule is the outcome of its evaluations."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """The health of a rule: the outcome of its last evaluation."""

    UNKNOWN = "unknown"
    OK = "ok"
    ERROR = "err"


@dataclass(slots=True)
class RuleStatus:
    """The outcome of a rule's last evaluation, and counts over all of them.

    `evaluated_at_ms` is the time it was evaluated for (0: not yet), `evaluation_seconds` how long it took.
    """

    health: Health = Health.UNKNOWN
    last_error: str = ""
    evaluated_at_ms: int = 0
    evaluation_seconds: float = 0.0
    samples: int = 0
    evaluations_total: int = 0
    failures_total: int = 0

    def record(self, at_ms: int, seconds: float, error: str = "", samples: int = 0) -> None:
        """Note one evaluation; an empty `error` means that it went well."""
        self.evaluated_at_ms = at_ms
        self.evaluation_seconds = seconds
        self.last_error = error
        self.health = Health.ERROR if error else Health.OK
        self.samples = samples
        self.evaluations_total += 1
        self.failures_total += bool(error)
