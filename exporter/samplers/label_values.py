"""Labels whose values are known beforehand: a selector that asks for another value finds nothing, ever."""

from collections.abc import Collection, Mapping
from importlib.metadata import entry_points
from typing import Final

from exporter.config.samplers.queues import FRAMEWORK_GROUP
from exporter.errors import Reason
from exporter.queues.frameworks import registry as frameworks
from exporter.queues.vocabulary import LagMethod, Method, Outcome, State
from exporter.samplers.registry import SAMPLERS

_REASONS: Final = frozenset(reason.value for reason in Reason)
# The same wherever the label stands. Roles are those that servers tell of themselves, KeyDB's and Dragonfly's
# among them; what servers may call otherwise tomorrow (policies, commands, errors) is not here.
_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "role": frozenset({"master", "slave", "replica", "active-replica", "sentinel"}),
    "redis_mode": frozenset({"standalone", "cluster", "sentinel"}),
    "state": frozenset(State),
    "outcome": frozenset(Outcome),
    "method": frozenset({*Method, *LagMethod}),
    "sampler": frozenset(spec.name for spec in SAMPLERS),
    "limit": frozenset({"hard", "soft"}),
}
_ERROR: Final = "err"
_REASON: Final = "reason"
_FRAMEWORK: Final = "framework"
_OWN_PREFIXES: Final = ("redis_vigil_sampler_", "redis_vigil_target_")
_LAST_SCRAPE: Final = "redis_exporter_last_scrape_error"


def closed_label_values(
    catalogue: Mapping[str, Collection[str]],
) -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Return the possible values, where they are known, by series' name and label.

    `catalogue` has the labels of all series.
    """
    values = dict(_VALUES)
    if not entry_points(group=FRAMEWORK_GROUP):
        values[_FRAMEWORK] = frameworks.own_names()
    return {
        name: {label: found for label in labels if (found := _reasons(name, label) or values.get(label))}
        for name, labels in catalogue.items()
    }


def _reasons(metric: str, label: str) -> frozenset[str]:
    """The reasons of faults, for the labels that hold one."""
    is_reason = label == _REASON and metric.startswith(_OWN_PREFIXES)
    return _REASONS if is_reason or (metric, label) == (_LAST_SCRAPE, _ERROR) else frozenset()
