"""An alert as it travels from a rule, or from outside, to the people."""

from dataclasses import dataclass, replace

from exporter.model.labels import NO_ANNOTATIONS, Labels


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert, in the shape that Alertmanager knows.

    Times are seconds since the epoch, of alerts from outside as `Moment`s; 0.0 is none. `ends_at` in the past
    means resolved; in the future it is the moment at which the alert counts as resolved unless it is sent
    again. `timeout`: the sender gave no end, so that `ends_at` is an assumption and yields to any end that is
    stated.
    `annotations` are `Annotations`, which may be empty texts.
    """

    labels: Labels
    annotations: Labels = NO_ANNOTATIONS
    starts_at: float = 0.0
    ends_at: float = 0.0
    generator_url: str = ""
    updated_at: float = 0.0
    timeout: bool = False
    reading: str = ""
    """The value against its limit (`91.2% (limit 85%)`), for people; empty where that is not known. It is not
    kept over a restart: the rule tells it again."""

    @property
    def name(self) -> str:
        """The label `alertname`."""
        return self.labels.get("alertname")

    @property
    def is_event(self) -> bool:
        """Whether it is about something that happened and has no end: label `kind` is `event`."""
        return self.labels.get("kind") == "event"

    @property
    def fingerprint(self) -> str:
        """The identity of the alert: 16 hexadecimal digits, as Alertmanager prints it."""
        return f"{self.labels.fingerprint():016x}"

    def shifted(self, seconds: float) -> "Alert":
        """The same with all times moved, but for those that are not known."""
        return replace(
            self,
            starts_at=self.starts_at and self.starts_at + seconds,
            ends_at=self.ends_at and self.ends_at + seconds,
            updated_at=self.updated_at and self.updated_at + seconds,
        )

    def is_resolved(self, at: float) -> bool:
        """Whether the alert has ended at this moment."""
        return bool(self.ends_at) and self.ends_at <= at
