"""Alert rules in force, one row each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from exporter.model.duration import format_duration
from exporter.rules.model import AlertSpec, RuleFile

_NOTHING: Final = "-"


@dataclass(frozen=True, slots=True)
class AlertRow:
    """What a rule compares its value with, how long that has to hold, and where the rule stands."""

    rule: str
    for_seconds: float
    severity: str
    file: str

    def as_dict(self) -> Mapping[str, object]:
        """The row for programs."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def cells(self) -> list[str]:
        """The row for people."""
        wait = format_duration(round(self.for_seconds * 1000)) if self.for_seconds else _NOTHING
        return [self.rule, wait, self.severity or _NOTHING, self.file]


COLUMNS: Final = tuple(one.name for one in fields(AlertRow))


def alert_rows(files: Iterable[RuleFile]) -> list[AlertRow]:
    """The rows of all alert rules, in the order of their evaluation."""
    return [
        AlertRow(
            rule=rule.name,
            for_seconds=rule.for_ms / 1000,
            severity=dict(rule.label_texts).get("severity", ""),
            file=Path(file.path).name,
        )
        for file in files
        for group in file.groups
        for rule in group.rules
        if isinstance(rule, AlertSpec)
    ]
