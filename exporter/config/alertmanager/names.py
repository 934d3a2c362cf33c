"""Checks across the parts of alertmanager.yml: names, and the rules of the root route.

Works on the plain data, so that these problems are found although others keep the models from being built.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.config.alertmanager.scalars import TRUE_WORDS
from exporter.config.document import Document
from exporter.config.validation import hint
from exporter.errors import Place, Problem

_CONDITIONS: Final = ("match", "match_re", "matchers")
_INTERVALS: Final = ("mute_time_intervals", "active_time_intervals")


def find_problems(document: Document) -> Iterator[Problem]:
    """Names that are missing, doubled or unknown, and what the root route must not have."""
    data = document.data
    if not isinstance(data, dict):
        return
    receivers = _names(data, "receivers")
    intervals = [*_names(data, "mute_time_intervals"), *_names(data, "time_intervals")]
    yield from _find_doubled(receivers, "receiver")
    yield from _find_doubled(intervals, "time interval")
    root = data.get("route")
    if isinstance(root, dict):
        yield from _find_root_problems(root)
        known = _Known({name for _, name in receivers}, {name for _, name in intervals}, document)
        yield from known.find_unknown(root, ("route",))


def _names(data: dict[str, Any], section: str) -> list[tuple[Place, str]]:
    """The names that the entries of a section have, and where they stand."""
    entries = data.get(section)
    if not isinstance(entries, list):
        return []
    return [
        ((section, index, "name"), entry["name"])
        for index, entry in enumerate(entries)
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]


def _find_doubled(names: Sequence[tuple[Place, str]], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, name in names:
        if name in seen:
            yield Problem(place, f'there is a {what} "{name}" already')
        seen.add(name)


def _find_root_problems(root: dict[str, Any]) -> Iterator[Problem]:
    if not root.get("receiver"):
        yield Problem(("route",), "the root route needs a receiver: it takes what no other route does")
    for name in _CONDITIONS:
        if root.get(name):
            yield Problem(
                ("route", name), "the root route matches every alert, it can have no conditions", True
            )
    for name in _INTERVALS:
        if root.get(name):
            yield Problem(
                ("route", name), "the root route can have no time intervals, put them on a child", True
            )
    continues = root.get("continue")
    if isinstance(continues, str) and continues in TRUE_WORDS:
        yield Problem(("route", "continue"), "the root route has no siblings to continue with", True)


@dataclass(frozen=True, slots=True)
class _Known:
    """The names that routes can refer to."""

    receivers: set[str]
    intervals: set[str]
    document: Document

    def find_unknown(self, route: dict[str, Any], place: Place) -> Iterator[Problem]:
        """References of a route and all below it that lead nowhere."""
        receiver = route.get("receiver")
        if isinstance(receiver, str) and receiver and receiver not in self.receivers:
            meant = hint(receiver, sorted(self.receivers))
            yield Problem((*place, "receiver"), f'there is no receiver "{receiver}"{meant}')
        if self.document.is_quoted((*place, "continue")) and "continue" in route:
            yield Problem((*place, "continue"), "must be true or false without quotes")
        yield from self._find_unknown_intervals(route, place)
        children = route.get("routes")
        for index, child in enumerate(children if isinstance(children, list) else []):
            if isinstance(child, dict):
                yield from self.find_unknown(child, (*place, "routes", index))

    def _find_unknown_intervals(self, route: dict[str, Any], place: Place) -> Iterator[Problem]:
        for key in _INTERVALS:
            names = route.get(key)
            for index, name in enumerate(names if isinstance(names, list) else []):
                if isinstance(name, str) and name not in self.intervals:
                    meant = hint(name, sorted(self.intervals))
                    yield Problem((*place, key, index), f'there is no time interval "{name}"{meant}')
