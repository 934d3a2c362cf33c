"""`tailor`: rule files as they come to be in force, each rule in as many variants as its owner asks for.

What comes out are rules of Prometheus. A rule with entries becomes one per entry, for the series that the
entry is the first for, and one with the defaults for what none is for; no series is in two of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from exporter.config.rules import MAIN, RuleSection
from exporter.config.validation import hint
from exporter.errors import ConfigError, Place, Problem, QueryError
from exporter.model.label_conditions import LabelCondition, remaining
from exporter.promql import ValueType, parse
from exporter.rules.model import AlertSpec, RuleFile, RuleSpec
from exporter.rules.tailoring.narrowing import Edit, narrowed
from exporter.rules.tailoring.thresholds import Thresholds, thresholds_of
from exporter.rules.tailoring.units import parse_number
from exporter.rules.texts import Text, parse_text

Entries = Mapping[str, Sequence[RuleSection]]
"""What is wanted, by the name of the rule."""

_SEVERITY = "severity"


def tailor(files: Sequence[RuleFile], rules: Entries) -> tuple[RuleFile, ...]:
    """Rule files with everything that is wanted otherwise.

    Raises `ConfigError` with all problems, at places such as `("rules", "RedisMemoryHigh", "threshold")`.
    """
    if not rules:
        return tuple(files)
    problems = list(_problems_of_names(files, rules))
    tailored = []
    for file in files:
        groups = []
        for group in file.groups:
            specs = [made for spec in group.rules for made in _variants(spec, rules, problems)]
            groups.append(replace(group, rules=tuple(specs)))
        tailored.append(replace(file, groups=tuple(groups)))
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    return tuple(tailored)


def place_of(name: str, entries: Sequence[RuleSection], index: int) -> Place:
    """The place of an entry in the configuration; one alone is no item of a list."""
    return ("rules", name) if len(entries) == 1 else ("rules", name, index)


def _problems_of_names(files: Iterable[RuleFile], rules: Entries) -> Iterator[Problem]:
    specs = list(_specs(files))
    alerts = {spec.name for spec in specs if isinstance(spec, AlertSpec)}
    recorded = {spec.name for spec in specs} - alerts
    for name, entries in rules.items():
        numbers = {_main_words(spec) for spec in specs if isinstance(spec, AlertSpec) and spec.name == name}
        if len(numbers) > 1 and any(entry.threshold for entry in entries):
            listed = ", ".join(sorted(numbers))
            message = f"rules of this name have several thresholds ({listed}): give each its own name"
            yield Problem(("rules", name), message, at_key=True)
        if name in recorded:
            message = "is a recording rule: only rules that alert can be set here; copy its file to change it"
            yield Problem(("rules", name), message, at_key=True)
        elif name not in alerts:
            close = hint(name, sorted(alerts), prefix="Redis") or "; `redis-vigil rules` lists them"
            message = f"no rule of rule_files has this name{close}"
            yield Problem(("rules", name), message, at_key=True)


def _main_words(spec: AlertSpec) -> str:
    main = thresholds_of(spec).main
    return "none" if main is None else f"{main.op} {main.number:g}".strip()


def _specs(files: Iterable[RuleFile]) -> Iterator[RuleSpec]:
    return (spec for file in files for group in file.groups for spec in group.rules)


def _variants(spec: RuleSpec, rules: Entries, problems: list[Problem]) -> list[RuleSpec]:
    entries = rules.get(spec.name, ())
    if not isinstance(spec, AlertSpec) or not entries:
        return [spec]
    conditions = remaining(entry.where for entry in entries)
    made: list[RuleSpec] = []
    for index, (entry, condition) in enumerate(zip((*entries, None), conditions, strict=True)):
        place = place_of(spec.name, entries, index)
        variant = _Variant(spec, place, problems).make(entry or RuleSection(), condition)
        if variant is not None and condition is not None and (entry is None or entry.enabled):
            made.append(variant)
    return made


class _Variant:
    """One rule as an entry wants it; what cannot be is added to the problems."""

    def __init__(self, spec: AlertSpec, place: Place, problems: list[Problem]) -> None:
        self._spec = spec
        self._place = place
        self._problems = problems

    def make(self, entry: RuleSection, condition: LabelCondition | None) -> AlertSpec | None:
        """The rule; None where there is a problem, or it would be for nothing."""
        spec, known = self._spec, len(self._problems)
        edits = list(self._edits(entry.threshold or {}))
        labels = {_SEVERITY: entry.severity} if entry.severity is not None else {}
        wait, keep = entry.for_, entry.keep_firing_for
        if labels and _SEVERITY in entry.labels:
            self._report(("labels", _SEVERITY), "severity is set beside labels already: write it once")
        changed = replace(
            spec,
            for_ms=spec.for_ms if wait is None else wait.milliseconds,
            keep_firing_for_ms=spec.keep_firing_for_ms if keep is None else keep.milliseconds,
            labels=self._texts("labels", spec.labels, {**entry.labels, **labels}),
            annotations=self._texts("annotations", spec.annotations, entry.annotations),
        )
        if condition is None or len(self._problems) > known:
            return None
        return self._with_query(changed, condition, edits)

    def _edits(self, wanted: Mapping[str, str]) -> Iterator[Edit]:
        thresholds = thresholds_of(self._spec)
        for name, text in wanted.items():
            place = ("threshold", name) if name else ("threshold",)
            threshold = thresholds.by_name.get(name)
            if threshold is None:
                self._report(place, _no_such(self._spec, name, thresholds), at_key=bool(name))
                continue
            try:
                _, written = parse_number(text, threshold.unit)
            except ValueError as error:
                self._report(place, str(error))
                continue
            yield from (Edit(span.start, span.end, written) for span in threshold.spans)

    def _texts(self, key: str, texts: Sequence[Text], wanted: Mapping[str, str]) -> tuple[Text, ...]:
        changed = {text.name: text for text in texts}
        for name, source in wanted.items():
            changed[name] = text = parse_text(name, source, self._spec.name)
            if text.fault:
                self._report((key, name), text.fault)
        return tuple(changed[name] for name in sorted(changed))

    def _with_query(
        self, spec: AlertSpec, condition: LabelCondition, edits: Sequence[Edit]
    ) -> AlertSpec | None:
        root = spec.expression.root
        if condition and root.value_type is ValueType.SCALAR:
            self._report(("where",), "the expression of this rule has no series to choose from")
            return None
        if not condition and not edits:
            return spec
        try:
            query = narrowed(spec.query, root, condition, edits)
            return replace(spec, expression=parse(query), query=query, condition=condition)
        except QueryError as error:
            self._report((), f"the expression that comes of it cannot be used: {error}")
            return None

    def _report(self, place: Place, message: str, *, at_key: bool = False) -> None:
        self._problems.append(Problem((*self._place, *place), message, at_key=at_key))


def _no_such(spec: AlertSpec, name: str, thresholds: Thresholds) -> str:
    """Say why a rule has no threshold of this name, and what can be set."""
    named = [one for one in thresholds.by_name if one != MAIN]
    if name and not named:
        way_out = "write its one as threshold: NUMBER" if thresholds.main else thresholds.why_not
        return f"{spec.name} has no threshold with a name: {way_out}"
    if name:
        return f"{spec.name} has no such threshold{hint(name, named)}; there are {', '.join(named)}"
    if named:
        example = ", ".join(f"{one}: NUMBER" for one in named)
        return f"{spec.name} has more than one threshold, each with a name: write {{{example}}}"
    return (
        f"{spec.name} has no threshold: {thresholds.why_not}; what can be set are for, keep_firing_for, "
        "severity, labels, annotations and enabled"
    )
