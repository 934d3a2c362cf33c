"""Warnings about the section `rules`: entries that are for nothing, and numbers that cannot be meant."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.config.document import Document
from exporter.config.main import Config
from exporter.config.rules import RuleSection
from exporter.config.validation import hint
from exporter.errors import Place, Problem
from exporter.model.floats import format_float
from exporter.model.label_conditions import remaining
from exporter.model.matcher import Matcher
from exporter.reload import rule_paths
from exporter.rules.label_flow import LabelNames, labels_of
from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec
from exporter.rules.tailoring import Threshold, place_of, thresholds_of
from exporter.rules.tailoring.units import BYTES, RATIO, SECONDS, parse_number, tell_number

# Nobody means so few bytes where the default is megabytes, nor so many seconds where it is below one.
_FEW_BYTES = 1 << 20
_MANY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class KnownLabels:
    """The names of the labels of each metric, and the values of those that servers have, as far as known."""

    names: Mapping[str, LabelNames]
    values: Mapping[str, Collection[str]]


def tailoring_warnings(path: Path, config: Config, known: KnownLabels) -> Iterator[Problem]:
    """The warnings, at their places in the file.

    Raises `ConfigError` where a rule file cannot be read any more.
    """
    if not config.rules:
        return
    document = Document.load(path)
    # Where several rules have one name, one is as good as the others.
    for spec in {spec.name: spec for spec in _alerts(rule_paths(config))}.values():
        entries = config.rules.get(spec.name, ())
        found = (
            *_unreachable(spec, entries),
            *_unknown_labels(spec, entries, known),
            *_numbers(spec, entries),
        )
        yield from map(document.placed, found)


def _alerts(paths: Iterable[Path]) -> Iterator[AlertSpec]:
    for file in load_rule_files([path.absolute() for path in paths]):
        for group in file.groups:
            yield from (rule for rule in group.rules if isinstance(rule, AlertSpec))


def _unreachable(spec: AlertSpec, entries: Sequence[RuleSection]) -> Iterator[Problem]:
    *conditions, _ = remaining(entry.where for entry in entries)
    for index, condition in enumerate(conditions):
        if condition is None:
            message = "is for nothing: the entries before it are for everything that it is for"
            yield Problem(place_of(spec.name, entries, index), message)


def _unknown_labels(spec: AlertSpec, entries: Sequence[RuleSection], known: KnownLabels) -> Iterator[Problem]:
    labels = labels_of(spec.expression.root, known.names)
    for index, entry in enumerate(entries):
        for matcher in entry.where:
            message = _mismatch(matcher, spec.name, labels, known.values.get(matcher.name, ()))
            if message:
                yield Problem((*place_of(spec.name, entries, index), "where"), message)


def _mismatch(matcher: Matcher, rule: str, labels: LabelNames, values: Collection[str]) -> str:
    """Say why a matcher is true for nothing; empty where it may be."""
    if matcher.matches_empty:
        return ""
    if labels is not None and matcher.name not in labels:
        listed = ", ".join(sorted(labels)) or "none"
        return f'alerts of {rule} have no label "{matcher.name}": there are {listed}'
    if values and not any(map(matcher.matches_value, values)):
        return f"no server has {matcher}{hint(matcher.value, values)}"
    return ""


def _numbers(spec: AlertSpec, entries: Sequence[RuleSection]) -> Iterator[Problem]:
    thresholds = thresholds_of(spec).by_name
    for index, entry in enumerate(entries):
        for name, text in (entry.threshold or {}).items():
            number, _ = parse_number(text, thresholds[name].unit)
            doubt = _doubt(thresholds[name], number)
            if doubt:
                place: Place = (*place_of(spec.name, entries, index), "threshold", *([name] if name else ()))
                default = tell_number(thresholds[name].number, thresholds[name].unit)
                yield Problem(place, f"{doubt} (default {default})")


def _doubt(threshold: Threshold, number: float) -> str:
    """Say why a number cannot be meant; empty where it can."""
    default, unit, text = threshold.number, threshold.unit, format_float(number)
    if unit == RATIO and abs(default) <= 1 < number:
        meant = f": did you mean {format_float(number / 100)} or {text}%?" if number > 2 else ""
        return f"{text} is more than the whole, which is 1{_outcome(threshold.op, is_high=True)}{meant}"
    if number < 0 <= default:
        return f"{text} is below 0{_outcome(threshold.op, is_high=False)}"
    if unit.startswith(BYTES) and default >= _FEW_BYTES and 0 < number < _FEW_BYTES:
        return f"{text} are bytes: did you mean {text}MiB?"
    if unit == SECONDS and default < 1 and number >= _MANY_SECONDS:
        return f"{text} are seconds: did you mean {text}ms?"
    return ""


def _outcome(op: str, *, is_high: bool) -> str:
    """What comes of a number beyond all values."""
    if not op:
        return ""
    always = (op in ("<", "<=")) == is_high
    return f", so that the alert would {'always' if always else 'never'} fire"
