"""Rule files are loaded and checked as strictly as Prometheus does, all problems at once."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from exporter.config.document import Document
from exporter.config.fields import Context, Section
from exporter.config.validation import problems_of
from exporter.errors import ConfigError, Place, Problem, QueryError
from exporter.model.labels import METRIC_NAME
from exporter.promql import Expression, parse
from exporter.rules.model import AlertSpec, GroupKey, GroupSpec, RecordSpec, RuleFile, RuleSpec
from exporter.rules.schema import FileSection, GroupSection, RuleSection
from exporter.rules.texts import Text, parse_text

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ALERT_ONLY: Final = ("annotations", "for", "keep_firing_for")

SectionT = TypeVar("SectionT", bound=Section)


def load_rule_files(paths: Iterable[Path]) -> tuple[RuleFile, ...]:
    """The rule files at these paths, in this order.

    Raises `ConfigError` with every problem of every file.
    """
    files: list[RuleFile] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            files.append(read_rules(Document.load(path, lenient=True)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return tuple(files)


def read_rules(document: Document) -> RuleFile:
    """The rule file that a document holds; raises `ConfigError` with every problem."""
    reader = _Reader(document)
    groups = tuple(reader.groups())
    if reader.problems:
        raise ConfigError(sorted(reader.problems, key=lambda problem: (problem.line, problem.column)))
    return RuleFile(document.name, groups)


class _Reader:
    """Collects the problems of one file on the way through it."""

    def __init__(self, document: Document) -> None:
        self.problems: list[Problem] = []
        self._document = document

    def groups(self) -> Iterator[GroupSpec]:
        data = self._document.data
        self._section(FileSection, data, ())
        seen: set[str] = set()
        for place, group in _items(data, (), "groups"):
            name = group.get("name") or "" if isinstance(group, dict) else ""
            if isinstance(group, dict) and isinstance(name, str):
                self._check_group_name(name, seen, place)
            yield from self._group(group, place)

    def _check_group_name(self, name: str, seen: set[str], place: Place) -> None:
        if not name:
            self._report((*place, "name"), "a group needs a name")
        if name in seen:
            self._report((*place, "name"), f'a group "{name}" stands in this file already')
        seen.add(name)

    def _group(self, data: Any, place: Place) -> Iterator[GroupSpec]:
        section = self._section(GroupSection, data, place)
        group_labels = section.labels if section else {}
        self._check_limit(place)
        self._check_labels(group_labels, (*place, "labels"))
        rules = [
            rule
            for rule_place, rule_data in _items(data, place, "rules")
            for rule in self._rule(rule_data, rule_place, group_labels)
        ]
        if section:
            yield GroupSpec(
                GroupKey(self._document.name, section.name),
                section.interval.milliseconds,
                section.query_offset.milliseconds,
                section.limit,
                tuple(rules),
            )

    def _check_limit(self, place: Place) -> None:
        if self._document.is_quoted((*place, "limit")):
            self._report((*place, "limit"), "must be a whole number, without quotes")

    def _rule(self, data: Any, place: Place, group_labels: Mapping[str, str]) -> Iterator[RuleSpec]:
        section = self._section(RuleSection, data, place)
        expression = None
        if isinstance(data, dict):
            self._check_kind(data, place)
            expression = self._expression(data.get("expr"), (*place, "expr"))
        if section is None:
            return
        self._check_labels(section.labels, (*place, "labels"))
        labels = {**group_labels, **section.labels}
        read = self._alert if section.alert else self._record
        spec = read(section, expression, labels, place)
        if spec is not None:
            yield replace(spec, position=self._document.locate((*place, "expr")))

    def _alert(
        self, section: RuleSection, expression: Expression | None, labels: Mapping[str, str], place: Place
    ) -> RuleSpec | None:
        texts = self._texts(section, labels, place)
        annotations = self._annotations(section, place)
        if expression is None:
            return None
        for_ms, keep_ms = section.for_.milliseconds, section.keep_firing_for.milliseconds
        return AlertSpec(section.alert, expression, section.expr, for_ms, keep_ms, texts, annotations)

    def _record(
        self, section: RuleSection, expression: Expression | None, labels: Mapping[str, str], place: Place
    ) -> RuleSpec | None:
        self._check_record(section.record, (*place, "record"))
        if expression is None:
            return None
        return RecordSpec(section.record, expression, section.expr, tuple(sorted(labels.items())))

    def _check_kind(self, data: Mapping[str, Any], place: Place) -> None:
        """Exactly one of `alert` and `record`, and on a recording rule nothing that belongs to alerts."""
        is_alert, is_record = bool(data.get("alert")), bool(data.get("record"))
        if is_alert and is_record:
            self._report((*place, "record"), 'a rule has one of "alert" and "record", not both', at_key=True)
        elif not is_alert and not is_record:
            self._report(place, 'a rule needs one of "alert" and "record"')
        for name in _ALERT_ONLY if is_record else ():
            if not _is_zero(data.get(name)):
                self._report((*place, name), "is not allowed on a recording rule", at_key=True)

    def _check_record(self, name: str, place: Place) -> None:
        if "{" in name or "}" in name:
            self._report(place, f'"{name}" holds braces: matchers belong into expr, labels into labels')
        elif _SURROGATE.search(name):
            self._report(place, "is not a valid metric name")

    def _expression(self, text: Any, place: Place) -> Expression | None:
        if not text:
            self._report(place, "a rule needs an expression")
        if not text or not isinstance(text, str):
            return None
        try:
            return parse(text)
        except QueryError as error:
            self._report(place, f"could not parse expression: {error}")
            return None

    def _check_labels(self, labels: Mapping[str, str], place: Place) -> None:
        for name, value in labels.items():
            if not name or name == METRIC_NAME or _SURROGATE.search(name):
                self._report((*place, name), f'"{name}" is not allowed as the name of a label', at_key=True)
            if _SURROGATE.search(value):
                self._report((*place, name), "is not a valid label value")

    def _texts(self, section: RuleSection, labels: Mapping[str, str], place: Place) -> tuple[Text, ...]:
        """The labels, with the group's; as in Prometheus only the rule's own must parse as templates."""
        texts = tuple(parse_text(name, labels[name], section.alert) for name in sorted(labels))
        for text in texts:
            if text.fault and text.name in section.labels:
                self._report((*place, "labels", text.name), text.fault)
        return texts

    def _annotations(self, section: RuleSection, place: Place) -> tuple[Text, ...]:
        texts = []
        for name in sorted(section.annotations):
            text = parse_text(name, section.annotations[name], section.alert)
            texts.append(text)
            if text.fault:
                self._report((*place, "annotations", name), text.fault)
            if not name or _SURROGATE.search(name):
                self._report(
                    (*place, "annotations", name),
                    f'"{name}" is not allowed as the name of an annotation',
                    at_key=True,
                )
        return tuple(texts)

    def _section(self, model: type[SectionT], data: Any, place: Place) -> SectionT | None:
        try:
            return model.model_validate(data, context=Context(self._document.base))
        except ValidationError as error:
            for fault in problems_of(error, model, data):
                self._report_fault(fault, place)
            return None

    def _report_fault(self, fault: Problem, place: Place) -> None:
        self._report(place + fault.place, fault.message, at_key=fault.at_key)

    def _report(self, place: Place, message: str, *, at_key: bool = False) -> None:
        self.problems.append(self._document.problem(place, message, at_key=at_key))


def _items(data: Any, place: Place, key: str) -> Iterator[tuple[Place, Any]]:
    """The items of a list under a key, the empty ones aside; nothing where there is no list."""
    items = data.get(key) if isinstance(data, dict) else None
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if item is not None:
            yield (*place, key, index), item


def _is_zero(value: Any) -> bool:
    """Tell whether a key counts as not written: without a value, an empty mapping, or no duration."""
    return not value or (isinstance(value, str) and not set(value) - set("0ywdhms"))
