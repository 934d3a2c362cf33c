"""Inhibition rules as they are written."""

from typing import Annotated

from exporter.config.alertmanager.scalars import (
    EMPTY,
    LabelName,
    LabelPatterns,
    LabelValues,
    Matchers,
    Text,
    combine_matchers,
    refuse,
)
from exporter.config.fields import Section
from exporter.model.matcher import Matcher


class InhibitRule(Section):
    """While an alert of the source side fires, alerts of the target side are not notified about."""

    name: Text = ""
    """A name for people; Alertmanager 0.29."""
    source_match: LabelValues = EMPTY
    """Deprecated: labels and values of the source side."""
    source_match_re: LabelPatterns = EMPTY
    """Deprecated: labels and regular expressions of the source side."""
    source_matchers: Matchers = ()
    """Conditions of the source side."""
    sources: Annotated[
        None,
        refuse("several sources for one rule are not known here: write source_matchers and equal"),
    ] = None
    target_match: LabelValues = EMPTY
    """Deprecated: labels and values of the target side."""
    target_match_re: LabelPatterns = EMPTY
    """Deprecated: labels and regular expressions of the target side."""
    target_matchers: Matchers = ()
    """Conditions of the target side."""
    equal: tuple[LabelName, ...] = ()
    """Labels that both sides must have the same value of; missing on both sides is the same."""

    @property
    def source_conditions(self) -> tuple[Matcher, ...]:
        """All matchers of the source side."""
        return combine_matchers(self.source_match, self.source_match_re, self.source_matchers)

    @property
    def target_conditions(self) -> tuple[Matcher, ...]:
        """All matchers of the target side."""
        return combine_matchers(self.target_match, self.target_match_re, self.target_matchers)
