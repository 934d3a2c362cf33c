"""Reasons why nobody is told of an alert, with the place where each can be looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.alerting.manager import AlertManager
from exporter.alerting.routes import Route
from exporter.web.pages.address import Address
from exporter.web.pages.alerts.subjects import PENDING, RESOLVED, Subject
from exporter.web.pages.moments import moment_text

SILENCED: Final = "silenced"
INHIBITED: Final = "inhibited"
MUTED: Final = "muted"
_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nobody is told: `kind` is a word, `text` a sentence, which may hold words of others."""

    kind: str
    text: str
    href: str = ""


class Reasons:
    """Finds the reasons; `subjects` are all alerts by their fingerprints, for those that inhibit others."""

    def __init__(
        self, manager: AlertManager, subjects: Mapping[str, Subject], address: Address, now: float
    ) -> None:
        self._manager = manager
        self._subjects = subjects
        self._address = address
        self._now = now

    def of(self, subject: Subject, routes: Sequence[Route]) -> Sequence[Reason]:
        """Return why receivers of these routes are not told of an alert; none where they are."""
        if subject.is_dropped:
            return [Reason("dropped", "not sent: alerting.alert_relabel_configs drops it")]
        if subject.state in (PENDING, RESOLVED):
            return []
        status = self._manager.status(subject.labels)
        return [
            *(self._silenced(one) for one in status.silenced_by[:_MOST]),
            *self._more_silences(len(status.silenced_by) - _MOST),
            *(self._inhibited(one) for one in status.inhibited_by[:_MOST]),
            *self._muted(routes),
        ]

    def _silenced(self, silence_id: str) -> Reason:
        silence = self._manager.silences.find(silence_id)
        href = self._address.to("silences", silence_id)
        if silence is None:
            return Reason(SILENCED, "silenced", href)
        until = moment_text(silence.ends_at, self._now)
        comment = f": {silence.comment}" if silence.comment else ""
        return Reason(SILENCED, f"silenced until {until} by {silence.created_by}{comment}", href)

    def _more_silences(self, count: int) -> Sequence[Reason]:
        if count < 1:
            return []
        text = f"and by {count:,} more silence{'' if count == 1 else 's'}"
        return [Reason(SILENCED, text, self._address.to("silences"))]

    def _inhibited(self, fingerprint: str) -> Reason:
        source = self._subjects.get(fingerprint)
        href = self._address.to("alerts", fingerprint)
        if source is None:
            return Reason(INHIBITED, "inhibited by another alert", href)
        of = f" of {source.instance}" if source.instance else ""
        return Reason(INHIBITED, f"inhibited by {source.name}{of}", href)

    def _muted(self, routes: Sequence[Route]) -> Sequence[Reason]:
        """All routes have to be muted: else somebody is told."""
        muted = [(route.options.active_intervals, self._manager.muted_by_route(route)) for route in routes]
        if not muted or not all(names for _, names in muted):
            return []
        found = dict.fromkeys(
            f"told only in {', '.join(names)}" if names == active else f"muted by {', '.join(names)}"
            for active, names in muted
        )
        return [Reason(MUTED, f"{text} (time interval)") for text in found]
