"""The model of a rule file, once it has been read and found good."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

from exporter.model.label_conditions import EVERYTHING, LabelCondition
from exporter.promql import Expression
from exporter.rules.texts import Text, Texts

Position = tuple[int, int]
"""Line and column of a rule's expression in its file, from 1."""


@dataclass(frozen=True, slots=True)
class RuleIdentity:
    """The identity by which a rule is recognised after a reload or a restart, within its group.

    `ordinal` counts rules of the same name and labels, from 0.
    """

    name: str
    labels: Texts
    ordinal: int = 0

    def __str__(self) -> str:
        """Name, labels and ordinal, each in a form that tells it from all others."""
        return f"{self.name}{dict(self.labels)}{self.ordinal}"


@dataclass(frozen=True, slots=True)
class AlertSpec:
    """An alerting rule. Durations are in milliseconds; `labels` are the group's overridden by the rule's.

    `condition` is what the labels of its results satisfy, where the rule is one of several variants.
    """

    name: str
    expression: Expression = field(compare=False)
    query: str
    for_ms: int = 0
    keep_firing_for_ms: int = 0
    labels: tuple[Text, ...] = ()
    annotations: tuple[Text, ...] = ()
    position: Position = field(default=(0, 0), compare=False)
    condition: LabelCondition = field(default=EVERYTHING, compare=False)

    @property
    def label_texts(self) -> Texts:
        """The labels as they are written, templates unexpanded."""
        return tuple((text.name, text.source) for text in self.labels)

    @property
    def annotation_texts(self) -> Texts:
        """The annotations as they are written, templates unexpanded."""
        return tuple((text.name, text.source) for text in self.annotations)


@dataclass(frozen=True, slots=True)
class RecordSpec:
    """A recording rule: the name of the series it writes, and labels to set on them (empty: to remove)."""

    name: str
    expression: Expression = field(compare=False)
    query: str
    labels: Texts = ()
    position: Position = field(default=(0, 0), compare=False)

    @property
    def label_texts(self) -> Texts:
        """The labels as they are written."""
        return self.labels


RuleSpec = AlertSpec | RecordSpec


@dataclass(frozen=True, slots=True)
class GroupKey:
    """The key of a group: its file and its name in there."""

    file: str
    name: str

    def __str__(self) -> str:
        """Format it as Prometheus does in the label `rule_group`."""
        return f"{self.file};{self.name}"

    @property
    def words(self) -> str:
        """The group for people, without the folder of its file: `redis-memory in memory.yml`."""
        return f"{self.name} in {PurePath(self.file).name}"


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """A group of rules. `interval_ms` 0: the global evaluation interval; `limit` 0: none."""

    key: GroupKey
    interval_ms: int = 0
    query_offset_ms: int = 0
    limit: int = 0
    rules: tuple[RuleSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One rule file: its path and its groups, in order."""

    path: str
    groups: tuple[GroupSpec, ...] = ()


def identify(specs: Iterable[RuleSpec]) -> list[RuleIdentity]:
    """The identities of a group's rules, in order."""
    seen: dict[tuple[str, Texts], int] = {}
    identities = []
    for spec in specs:
        same = (spec.name, spec.label_texts)
        ordinal = seen[same] = seen.get(same, -1) + 1
        identities.append(RuleIdentity(*same, ordinal))
    return identities
