"""Indexes groups by the instance of their series: of thousands of servers a query is mostly about one."""

from collections.abc import Iterable, Sequence
from typing import Final

from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Layout
from exporter.store.series_group import SeriesGroup

_LABEL: Final = "instance"
_ANY: Final = ""


class Instances:
    """Finds the groups that can hold series of an instance.

    Groups of rules can hold any instance. A group is found under every instance that it has had until its
    source is deleted.
    """

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, SeriesGroup]] = {}
        self._instances: dict[str, set[str]] = {}

    def note(self, group: SeriesGroup) -> None:
        """Index a group that is new, or has other series than before."""
        known = self._instances.setdefault(group.source, set())
        for instance in {_instance(layout) for layout in group.layouts} - known:
            known.add(instance)
            self._groups.setdefault(instance, {})[group.source] = group

    def delete(self, source: str) -> None:
        """Drop the group of a source."""
        for instance in self._instances.pop(source, ()):
            groups = self._groups[instance]
            del groups[source]
            if not groups:
                del self._groups[instance]

    def narrow(self, groups: Iterable[SeriesGroup], matchers: Sequence[Matcher]) -> Iterable[SeriesGroup]:
        """Return those of `groups` that can hold series which satisfy these matchers."""
        for one in matchers:
            if one.name == _LABEL and one.op is MatchOp.EQUAL and one.value:
                found = (self._groups.get(instance, {}) for instance in (one.value, _ANY))
                return [group for known in found for group in list(known.values())]
        return groups


def _instance(layout: Layout) -> str:
    return _ANY if _LABEL in layout.schema.own_names else layout.base.get(_LABEL)
