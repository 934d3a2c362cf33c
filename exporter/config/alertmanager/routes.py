"""The route tree as it is written."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from exporter.config.alertmanager.scalars import (
    EMPTY,
    Flag,
    LabelName,
    LabelPatterns,
    LabelValues,
    Matchers,
    Text,
    combine_matchers,
)
from exporter.config.fields import Duration, PositiveDuration, Section
from exporter.config.validation import PlacedError
from exporter.errors import Problem
from exporter.model.matcher import Matcher

GROUP_BY_ALL: Final = "..."
"""In `group_by`: every label, so that each alert is a group of its own."""


def _check_group_by(names: tuple[str, ...]) -> tuple[str, ...]:
    if GROUP_BY_ALL in names and set(names) != {GROUP_BY_ALL}:
        raise ValueError("'...' stands alone: it already groups by every label")
    problems = [
        Problem((index,), f'"{name}" is given twice')
        for index, name in enumerate(names)
        if name in names[:index] and name != GROUP_BY_ALL
    ]
    if problems:
        raise PlacedError(problems)
    return names


class RouteConfig(Section):
    """A node of the route tree; what is not written is inherited from its parent."""

    receiver: Text = ""
    """Who is notified."""
    group_by: Annotated[tuple[LabelName, ...], AfterValidator(_check_group_by)] | None = None
    """The labels whose values make a group; `['...']` for all, `[]` for one group of everything."""
    match: LabelValues = EMPTY
    """Deprecated: labels and the values they must have."""
    match_re: LabelPatterns = EMPTY
    """Deprecated: labels and the regular expressions they must match."""
    matchers: Matchers = ()
    """Conditions that an alert must satisfy to come here."""
    continue_: Flag = Field(False, alias="continue")
    """Whether the siblings after this node are tried too."""
    group_wait: Duration | None = None
    """How long a new group waits for further alerts."""
    group_interval: PositiveDuration | None = None
    """How long a group waits between notifications about changes."""
    repeat_interval: PositiveDuration | None = None
    """How long until an unchanged group is notified about again."""
    labels: dict[LabelName, Text] = Field(default_factory=dict)
    """Labels that templates see (`.RouteLabels`), over those of the parent; values may be templates."""
    mute_time_intervals: tuple[Text, ...] = ()
    """Names of intervals in which the route is silent."""
    active_time_intervals: tuple[Text, ...] = ()
    """Names of intervals outside of which the route is silent."""
    routes: tuple["RouteConfig", ...] = ()
    """Children, tried in order."""

    @property
    def conditions(self) -> tuple[Matcher, ...]:
        """All matchers of the node, whichever form they are written in."""
        return combine_matchers(self.match, self.match_re, self.matchers)
