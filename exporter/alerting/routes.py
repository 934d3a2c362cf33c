"""Route tree: the receivers of an alert, and how it is grouped there."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from exporter.config.alertmanager import routes as config
from exporter.config.alertmanager.matchers import format_matchers
from exporter.model.labels import EMPTY, Labels
from exporter.model.matcher import Matcher


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """How a node groups and when it notifies; durations in seconds. `group_by` None: by every label."""

    receiver: str = ""
    group_by: frozenset[str] | None = frozenset()
    group_wait: float = 30.0
    group_interval: float = 5 * 60.0
    repeat_interval: float = 4 * 3600.0
    mute_intervals: tuple[str, ...] = ()
    active_intervals: tuple[str, ...] = ()
    labels: Labels = EMPTY


DEFAULTS: Final = RouteOptions()
"""Options that the root inherits."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A node of the tree. `key` begins the keys of its groups; `path` is its position, () for the root."""

    options: RouteOptions
    matchers: tuple[Matcher, ...]
    continues: bool
    key: str
    path: tuple[int, ...]
    children: "tuple[Route, ...]" = field(default=())

    def match(self, labels: Labels) -> "list[Route]":
        """Return the nodes that an alert ends at.

        Depth first, in order, stopping at the first child that matches and does not continue; the node itself
        where no child matches; none where it does not match itself.
        """
        if not all(matcher.matches(labels) for matcher in self.matchers):
            return []
        found: list[Route] = []
        for child in self.children:
            matched = child.match(labels)
            found += matched
            if matched and not child.continues:
                break
        return found or [self]

    def group_labels(self, labels: Labels) -> Labels:
        """Return the labels of the group of an alert at this node."""
        return labels if self.options.group_by is None else labels.only(self.options.group_by)

    def walk(self) -> "Iterator[Route]":
        """Yield this node and all below, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


def build_route(written: config.RouteConfig) -> Route:
    """Build the tree of a configuration, with everything inherited filled in."""
    return _build(written, DEFAULTS, "", ())


def _build(
    written: config.RouteConfig, inherited: RouteOptions, parent_key: str, path: tuple[int, ...]
) -> Route:
    options = _options(written, inherited)
    matchers = written.conditions
    key = parent_key + format_matchers(matchers)
    children = tuple(
        _build(child, options, f"{key}/", (*path, index)) for index, child in enumerate(written.routes)
    )
    return Route(options, matchers, written.continue_, key, path, children)


def _options(written: config.RouteConfig, inherited: RouteOptions) -> RouteOptions:
    group_by = inherited.group_by
    if written.group_by is not None:
        group_by = None if config.GROUP_BY_ALL in written.group_by else frozenset(written.group_by)
    wait, interval, repeat = written.group_wait, written.group_interval, written.repeat_interval
    return replace(
        inherited,
        receiver=written.receiver or inherited.receiver,
        group_by=group_by,
        group_wait=inherited.group_wait if wait is None else wait.seconds,
        group_interval=inherited.group_interval if interval is None else interval.seconds,
        repeat_interval=inherited.repeat_interval if repeat is None else repeat.seconds,
        # Time intervals are not inherited by children.
        mute_intervals=written.mute_time_intervals,
        active_intervals=written.active_time_intervals,
        labels=inherited.labels.with_(written.labels),
    )
