"""Checks find rules that load and cannot be meant: metrics and labels that nobody produces, duplicates.

They are those of the command `check rules`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from exporter.errors import Problem
from exporter.model.floats import normalize_bound
from exporter.model.label_conditions import EVERYTHING
from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import Matcher, MatchOp
from exporter.model.sample import Family, Kind
from exporter.model.target import INSTANCE_LABEL, JOB_LABEL
from exporter.promql import Aggregate, Binary, Expr, VectorSelector, walk
from exporter.rules.label_flow import LabelNames, labels_of
from exporter.rules.label_values import LabelValues
from exporter.rules.model import AlertSpec, RecordSpec, RuleFile, RuleSpec
from exporter.rules.texts import Texts

# Labels that the daemon adds to every series, or to those of a cluster's nodes, and that Prometheus adds when
# it scrapes them.
_COMMON_LABELS: Final = frozenset({"instance", "cluster", "job"})
# Series that rules write themselves, with any labels.
_RULE_SERIES: Final[Mapping[str, LabelNames]] = {"ALERTS": None, "ALERTS_FOR_STATE": None}
_SUFFIXES: Final[Mapping[Kind, Mapping[str, frozenset[str]]]] = {
    Kind.HISTOGRAM: {"_bucket": frozenset({"le"}), "_sum": frozenset(), "_count": frozenset()},
    Kind.SUMMARY: {"": frozenset({"quantile"}), "_sum": frozenset(), "_count": frozenset()},
}
_BOUND_LABELS: Final = ("le", "quantile")
_TEMPLATE_LABEL: Final = re.compile(r"(?:\$labels|\.Labels)\.([A-Za-z_][A-Za-z0-9_]*)")

# The names of labels that a query gives and takes away again.
_MARKS: Final = "__"

_ANY_VALUES: Final = LabelValues()

Catalogue = Mapping[str, Collection[str]]
"""The names of all series that can exist, with the names of their labels."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The problems of rule files that load.

    `unknown_labels` are uncertain: targets, and Prometheus, may have labels that are not configured here. So
    are `impossible_values`: other servers, and other jobs of Prometheus, may have them.
    """

    rules: int = 0
    unknown_metrics: tuple[Problem, ...] = ()
    unknown_labels: tuple[Problem, ...] = ()
    impossible_values: tuple[Problem, ...] = ()
    duplicates: tuple[Problem, ...] = ()


def catalogue_of(families: Iterable[Family]) -> dict[str, frozenset[str]]:
    """The series that declared families consist of."""
    return {
        family.name + suffix: frozenset(family.label_names) | own
        for family in families
        for suffix, own in _SUFFIXES.get(family.kind, {"": frozenset()}).items()
    }


def check_rule_files(
    files: Iterable[RuleFile],
    catalogue: Catalogue,
    *,
    target_labels: Collection[str] = (),
    own_prefixes: tuple[str, ...] = (),
    values: LabelValues = _ANY_VALUES,
) -> CheckReport:
    """Look through rule files that belong together.

    `target_labels` are those that the configuration gives to targets, `values` those that labels can have.
    Metrics that a rule of these files
    records are known, and so are those whose names begin with one of `own_prefixes`: the daemon's own, which
    come and go with its parts.
    """
    files = list(files)
    known = labels_by_metric(files, catalogue, target_labels)
    rules = [(file, rule) for file in files for group in file.groups for rule in group.rules]
    return CheckReport(
        len(rules),
        tuple(
            _problem(file, rule, message)
            for file, rule in rules
            for message in _metrics(rule, known, own_prefixes)
        ),
        tuple(_problem(file, rule, message) for file, rule in rules for message in _labels(rule, known)),
        tuple(
            _problem(file, rule, message)
            for file, rule in rules
            for message in (*_values(rule, values), *_own_labels(rule, known, own_prefixes))
        ),
        tuple(problem for file in files for problem in _duplicates(file)),
    )


def labels_by_metric(
    files: Iterable[RuleFile], catalogue: Catalogue, target_labels: Collection[str] = ()
) -> dict[str, LabelNames]:
    """The names of the labels of all metrics: those there are, and those that rules of these files record."""
    common = _COMMON_LABELS | set(target_labels)
    known: dict[str, LabelNames] = {name: frozenset(labels) | common for name, labels in catalogue.items()}
    known.update(_RULE_SERIES)
    rules = [rule for file in files for group in file.groups for rule in group.rules]
    _add_recorded([rule for rule in rules if isinstance(rule, RecordSpec)], known)
    return known


def _add_recorded(specs: Iterable[RecordSpec], known: dict[str, LabelNames]) -> None:
    """Make known what recording rules write; one that reads another's comes after it in most files."""
    for spec in specs:
        labels = labels_of(spec.expression.root, known)
        if labels is not None:
            labels = labels | {name for name, _ in spec.labels}
        if spec.name in known:
            before = known[spec.name]
            labels = None if labels is None or before is None else labels | before
        known[spec.name] = labels


def _metrics(rule: RuleSpec, known: Mapping[str, LabelNames], own_prefixes: tuple[str, ...]) -> Iterator[str]:
    for name in sorted(rule.expression.metric_names):
        if name not in known and not name.startswith(own_prefixes):
            yield f'nothing produces the metric "{name}"'


def _labels(rule: RuleSpec, known: Mapping[str, LabelNames]) -> Iterator[str]:
    used: set[str] = set()
    for node, _ in walk(rule.expression.root):
        used.update(_labels_asked(node, known, _conditional(rule)))
    yield from sorted(used)
    if isinstance(rule, AlertSpec):
        yield from _template_labels(rule, labels_of(rule.expression.root, known))


def _values(rule: RuleSpec, values: LabelValues) -> Iterable[str]:
    """Yield what is asked of labels that they can never have."""
    return dict.fromkeys(
        message
        for selector, is_alternative in _selectors(rule.expression.root)
        for matcher, message in values.impossible(selector)
        if not (isinstance(rule, AlertSpec) and matcher in rule.condition.matchers)
        # A pattern beside an `or` is for the series that there may be, not for some that are meant.
        if not (is_alternative and matcher.op is MatchOp.REGEX)
    )


def _selectors(expr: Expr, is_alternative: bool = False) -> Iterator[tuple[VectorSelector, bool]]:
    """The selectors of an expression, and whether each is within a side of `or`."""
    if isinstance(expr, VectorSelector):
        yield expr, is_alternative
    is_alternative |= isinstance(expr, Binary) and expr.op == "or"
    for child in expr.children:
        yield from _selectors(child, is_alternative)


def _own_labels(
    rule: RuleSpec, known: Mapping[str, LabelNames], own_prefixes: tuple[str, ...]
) -> Iterator[str]:
    """Yield labels asked of the daemon's own metrics that only Prometheus adds to them."""
    for node, _ in walk(rule.expression.root):
        if isinstance(node, VectorSelector) and node.name not in known and node.name.startswith(own_prefixes):
            for matcher in node.matchers:
                if matcher.name in (JOB_LABEL, INSTANCE_LABEL) and _demands(matcher):
                    yield (
                        f'no series of "{node.name}" has {matcher}: the daemon\'s own metrics have no '
                        f"{matcher.name} here, only in Prometheus"
                    )


def _conditional(rule: RuleSpec) -> Collection[str]:
    """The labels that the configuration chooses series by, which is checked there."""
    condition = rule.condition if isinstance(rule, AlertSpec) else EVERYTHING
    matchers = (*condition.matchers, *(matcher for one in condition.exceptions for matcher in one))
    return {matcher.name for matcher in matchers}


def _labels_asked(node: Expr, known: Mapping[str, LabelNames], chosen_by: Collection[str]) -> Iterator[str]:
    if isinstance(node, VectorSelector):
        labels = labels_of(node, known)
        for matcher in node.matchers:
            is_missing = labels is not None and matcher.name not in labels
            if is_missing and matcher.name not in chosen_by and _demands(matcher):
                yield f'the metric "{node.name}" has no label "{matcher.name}"'
            bound = _kept_bound(matcher) if labels is not None and matcher.name in labels else None
            if bound is not None:
                yield f'no series has {matcher}: that bound is kept as "{bound}", as in Prometheus 3'
    elif isinstance(node, Aggregate) and not node.without:
        labels = labels_of(node.expr, known)
        for name in node.grouping:
            if labels is not None and name not in labels:
                yield f'"{node.op} by": what is aggregated has no label "{name}"'
    elif isinstance(node, Binary) and node.matching is not None and node.matching.on:
        for side in (node.left, node.right):
            labels = labels_of(side, known)
            for name in node.matching.labels:
                is_missing = labels is not None and name not in labels
                if is_missing and name not in chosen_by and not name.startswith(_MARKS):
                    yield f'"{node.op} on": one side has no label "{name}"'


def _kept_bound(matcher: Matcher) -> str | None:
    """Return the canonical form of the bound that a matcher asks for; None where it asks for none, or so."""
    if matcher.name not in _BOUND_LABELS or matcher.op is not MatchOp.EQUAL:
        return None
    bound = normalize_bound(matcher.value)
    return None if bound == matcher.value else bound


def _demands(matcher: Matcher) -> bool:
    """True if a selector with this matcher finds nothing where the label is missing."""
    return matcher.name != METRIC_NAME and not matcher.matches_empty and matcher.op is not MatchOp.NOT_EQUAL


def _template_labels(rule: AlertSpec, labels: LabelNames) -> Iterator[str]:
    if labels is None:
        return
    for text in (*rule.labels, *rule.annotations):
        for name in _TEMPLATE_LABEL.findall(text.source):
            if name not in labels:
                yield f'the template of "{text.name}" uses the label "{name}", which the result does not have'


def _duplicates(file: RuleFile) -> Iterator[Problem]:
    seen: set[tuple[str, Texts]] = set()
    for group in file.groups:
        for rule in group.rules:
            key = (rule.name, rule.label_texts)
            # Variants of a rule are for other series each.
            if key in seen and not (isinstance(rule, AlertSpec) and rule.condition):
                yield _problem(file, rule, "another rule of this file has the same name and labels")
            seen.add(key)


def _problem(file: RuleFile, rule: RuleSpec, message: str) -> Problem:
    return Problem((rule.name,), message, False, file.path, *rule.position)
