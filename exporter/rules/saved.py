"""Saved alerts are kept over a restart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from exporter.model.labels import Labels
from exporter.rules.active import ActiveAlert, AlertState
from exporter.rules.model import GroupKey, RuleIdentity
from exporter.rules.texts import Texts


@dataclass(frozen=True, slots=True)
class SavedAlert:
    """One alert of one rule; milliseconds since the epoch, 0: never."""

    rule: RuleIdentity
    labels: Labels
    annotations: Texts
    value: float
    state: AlertState
    active_at_ms: int
    fired_at_ms: int = 0
    resolved_at_ms: int = 0
    keep_firing_since_ms: int = 0
    last_sent_at_ms: int = 0

    def shifted(self, by_ms: int) -> "SavedAlert":
        """Return the same with all timestamps moved."""
        moments = {name: getattr(self, name) for name in _MOMENTS}
        return replace(self, **{name: moment + by_ms for name, moment in moments.items() if moment})


_MOMENTS: Final = (
    "active_at_ms",
    "fired_at_ms",
    "resolved_at_ms",
    "keep_firing_since_ms",
    "last_sent_at_ms",
)


@dataclass(frozen=True, slots=True)
class AlertKey:
    """The key of a saved alert within its group."""

    rule: RuleIdentity
    labels: Labels


@dataclass(frozen=True, slots=True)
class StateChange:
    """The change by one evaluation of a group: alerts to write (new or over the old), and alerts to drop."""

    evaluated_at_ms: int
    written: Sequence[SavedAlert] = ()
    dropped: Sequence[AlertKey] = ()


@dataclass(frozen=True, slots=True)
class SavedGroup:
    """All alerts of a group, and the time of its last evaluation."""

    evaluated_at_ms: int
    alerts: Sequence[SavedAlert] = ()

    def shifted(self, by_ms: int) -> "SavedGroup":
        """Return the same with all timestamps moved."""
        return SavedGroup(self.evaluated_at_ms + by_ms, [alert.shifted(by_ms) for alert in self.alerts])


class AlertStateStore(Protocol):
    """A store that keeps the alerts of all groups over a restart.

    Implementations raise `StateError` when they cannot.
    """

    async def load(self) -> Mapping[GroupKey, SavedGroup]:
        """Return everything that was saved."""
        ...

    async def save(self, group: GroupKey, change: StateChange) -> None:
        """Apply a change in one transaction; when this returns, it survives a crash of the process."""
        ...

    async def delete(self, group: GroupKey) -> None:
        """Drop a group that no longer exists."""
        ...


@dataclass(slots=True)
class _StoredGroup:
    evaluated_at_ms: int = 0
    alerts: dict[AlertKey, SavedAlert] = field(default_factory=dict)


class MemoryAlertState:
    """A store for as long as the process lives: for tests, and where no storage is configured."""

    def __init__(self) -> None:
        self._groups: dict[GroupKey, _StoredGroup] = {}

    async def load(self) -> Mapping[GroupKey, SavedGroup]:
        """Return everything."""
        return self.groups()

    def groups(self) -> Mapping[GroupKey, SavedGroup]:
        """All groups; may be called from another thread."""
        return {
            key: SavedGroup(kept.evaluated_at_ms, tuple(kept.alerts.values()))
            for key, kept in self._groups.copy().items()
        }

    def restore(self, groups: Mapping[GroupKey, SavedGroup]) -> None:
        """Take groups that were saved elsewhere."""
        self._groups = {
            key: _StoredGroup(
                group.evaluated_at_ms, {AlertKey(one.rule, one.labels): one for one in group.alerts}
            )
            for key, group in groups.items()
        }

    async def save(self, group: GroupKey, change: StateChange) -> None:
        """Apply a change."""
        kept = self._groups.setdefault(group, _StoredGroup())
        kept.evaluated_at_ms = change.evaluated_at_ms
        for key in change.dropped:
            kept.alerts.pop(key, None)
        for alert in change.written:
            kept.alerts[AlertKey(alert.rule, alert.labels)] = alert

    async def delete(self, group: GroupKey) -> None:
        """Drop a group."""
        self._groups.pop(group, None)


class ChangeTracker:
    """The difference of the alerts of one rule from what was last saved."""

    def __init__(self, rule: RuleIdentity) -> None:
        self._rule = rule
        self._saved: dict[Labels, tuple[object, ...]] = {}

    def changes(self, active: Mapping[Labels, ActiveAlert]) -> tuple[list[SavedAlert], list[AlertKey]]:
        """Return what to write and what to drop; both count as saved from now on."""
        written = []
        for labels, alert in active.items():
            moments = _moments(alert)
            if self._saved.get(labels) != moments:
                self._saved[labels] = moments
                written.append(save_alert(self._rule, alert))
        gone = [labels for labels in self._saved if labels not in active]
        for labels in gone:
            del self._saved[labels]
        return written, [AlertKey(self._rule, labels) for labels in gone]

    def assume(self, saved: Iterable[Labels]) -> None:
        """Note alerts that are saved in some form, so that they get dropped when they go."""
        for labels in saved:
            self._saved.setdefault(labels, ())

    def reset(self) -> None:
        """Write everything again: saving failed."""
        self._saved = dict.fromkeys(self._saved, ())


def _moments(alert: ActiveAlert) -> tuple[object, ...]:
    """Return what makes an alert worth writing again; value and annotations alone do not."""
    return (
        alert.state,
        alert.active_at_ms,
        alert.fired_at_ms,
        alert.resolved_at_ms,
        alert.keep_firing_since_ms,
        alert.last_sent_at_ms,
    )


def save_alert(rule: RuleIdentity, alert: ActiveAlert) -> SavedAlert:
    """Return the form in which an alert is kept."""
    return SavedAlert(
        rule,
        alert.labels,
        alert.annotations,
        alert.value,
        alert.state,
        alert.active_at_ms,
        alert.fired_at_ms,
        alert.resolved_at_ms,
        alert.keep_firing_since_ms,
        alert.last_sent_at_ms,
    )
