"""Alert rules in force, one row each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.model.duration import format_duration
from exporter.model.floats import format_float
from exporter.rules.model import AlertSpec, RuleFile
from exporter.rules.tailoring import Threshold, thresholds_of
from exporter.rules.tailoring.units import tell_number

_NOTHING: Final = "-"
COLUMNS: Final = ("rule", "threshold", "for", "severity", "where", "file")


@dataclass(frozen=True, slots=True)
class AlertRow:
    """What a rule compares with, how long that has to hold, for which labels, and the file it stands in."""

    rule: str
    thresholds: Mapping[str, Threshold]
    for_ms: int
    severity: str
    where: str
    file: str

    def as_dict(self) -> Mapping[str, object]:
        """The row for programs: numbers in their unit, durations in seconds."""
        return {
            "rule": self.rule,
            "thresholds": [
                {"name": one.name, "op": one.op, "number": one.number, "unit": one.unit}
                for one in self.thresholds.values()
            ],
            "for_seconds": self.for_ms / 1000,
            "severity": self.severity,
            "where": self.where,
            "file": self.file,
        }

    def csv(self) -> list[str]:
        """The row as values separated by commas."""
        numbers = [
            f"{one.name}={format_float(one.number)}" if one.name else format_float(one.number)
            for one in self.thresholds.values()
        ]
        wait = format_float(self.for_ms / 1000)
        return [self.rule, " ".join(numbers), wait, self.severity, self.where, self.file]

    def cells(self) -> list[str]:
        """The row for people."""
        wait = format_duration(self.for_ms) if self.for_ms else ""
        texts = (", ".join(map(_tell, self.thresholds.values())), wait, self.severity, self.where, self.file)
        return [self.rule, *(text or _NOTHING for text in texts)]


def alert_rows(files: Iterable[RuleFile]) -> list[AlertRow]:
    """The rows of all alert rules, in the order of their evaluation."""
    return [
        AlertRow(
            rule=rule.name,
            thresholds=thresholds_of(rule).by_name,
            for_ms=rule.for_ms,
            severity=dict(rule.label_texts).get("severity", ""),
            where=str(rule.condition),
            file=Path(file.path).name,
        )
        for file in files
        for group in file.groups
        for rule in group.rules
        if isinstance(rule, AlertSpec)
    ]


def _tell(threshold: Threshold) -> str:
    number = tell_number(threshold.number, threshold.unit)
    return " ".join(part for part in (threshold.name, threshold.op, number) if part)
