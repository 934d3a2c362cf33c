"""Rule files of Prometheus: which the daemon evaluates as they are, of which some rules, and which not.

A rule on metrics of other exporters would never find anything here, or, with `absent()`, always fire.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from glob import glob, has_magic
from pathlib import Path
from typing import Final

from exporter.check.rules import report_on_others
from exporter.errors import ConfigError, Problem
from exporter.migration.notes import Notes, line_of
from exporter.migration.prometheus.reading import PrometheusFile, texts_of
from exporter.migration.prometheus.rule_excerpt import excerpt
from exporter.model.counts import count_of
from exporter.rules.load import load_rule_files
from exporter.rules.model import RuleFile, RuleSpec

FOLDER: Final = "rules"
_MOST_NAMES: Final = 5

RuleKey = tuple[str, str, int, int]
"""A rule by its file, name, line and column."""


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """The key `rule_files`, and files that hold what was taken out of others."""

    paths: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)


def convert_rule_files(
    file: PrometheusFile, labels: Collection[str], jobs: Collection[str], notes: Notes
) -> RuleFiles:
    """Look at all rule files together.

    `labels` are those that targets have, `jobs` the names of the jobs that were taken.
    """
    loaded = {path: rules for path in _paths(file, notes) for rules in _load(path, notes)}
    foreign = _foreign(list(loaded.values()), labels, jobs)
    paths: list[str] = []
    files: dict[str, str] = {}
    kept = 0
    for path, rules in loaded.items():
        others = [key for key in _keys(rules) if key in foreign]
        own = len(list(_keys(rules))) - len(others)
        kept += own
        if not others:
            paths.append(str(path))
        elif not own:
            notes.differ(f"not taken: {_summary(others, foreign)}", str(path))
        else:
            text = excerpt(path, rules, {(line, column) for _, _, line, column in others})
            paths.append(str(path) if text is None else _add(files, path, text))
            _tell_each(others, foreign, is_cut=text is not None, notes=notes)
    if paths:
        notes.take(f"rule_files: {count_of(kept, 'rule')} of {count_of(len(paths), 'file')}")
    return RuleFiles(paths, files)


def _paths(file: PrometheusFile, notes: Notes) -> Iterator[Path]:
    seen: set[Path] = set()
    for index, pattern in enumerate(texts_of(file.part("rule_files"))):
        found = [Path(one).absolute() for one in sorted(glob(str(file.document.base / pattern)))]
        if not found:
            what = "no file matches it" if has_magic(pattern) else "there is no such file"
            where = line_of(file.document, ("rule_files", index))
            notes.differ(f'rule_files: "{pattern}" is not taken: {what}', where)
        yield from (path for path in found if path not in seen)
        seen.update(found)


def _load(path: Path, notes: Notes) -> Iterator[RuleFile]:
    """The rules of a file; nothing where it cannot be taken, which is noted."""
    try:
        yield from load_rule_files([path])
    except ConfigError as error:
        first, *others = error.problems
        more = f" (and {len(others)} more: redis-vigil check rules)" if others else ""
        notes.differ(f"{first}; the file is not taken{more}")


def _foreign(
    files: Sequence[RuleFile], labels: Collection[str], jobs: Collection[str]
) -> Mapping[RuleKey, str]:
    """Rules that find nothing here, with why: on metrics of others, or on what such rules record."""
    foreign: dict[RuleKey, str] = {}
    while True:
        rest = [_without(file, foreign) for file in files]
        found = {_key_of(problem): problem.message for problem in report_on_others(rest, labels, jobs)}
        if not found:
            return foreign
        foreign.update(found)


def _without(file: RuleFile, foreign: Collection[RuleKey]) -> RuleFile:
    groups = (
        replace(group, rules=tuple(rule for rule in group.rules if _key(file, rule) not in foreign))
        for group in file.groups
    )
    return replace(file, groups=tuple(groups))


def _keys(file: RuleFile) -> Iterator[RuleKey]:
    return (_key(file, rule) for group in file.groups for rule in group.rules)


def _key(file: RuleFile, rule: RuleSpec) -> RuleKey:
    return (file.path, rule.name, *rule.position)


def _key_of(problem: Problem) -> RuleKey:
    return (problem.file, str(problem.place[0]), problem.line, problem.column)


def _summary(others: Sequence[RuleKey], foreign: Mapping[RuleKey, str]) -> str:
    names = list(dict.fromkeys(name for _, name, _, _ in others))
    listed = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    count = count_of(len(others), "rule")
    return f"{count} ({listed}), none of which finds anything here, such as: {foreign[others[0]]}"


def _tell_each(
    others: Iterable[RuleKey], foreign: Mapping[RuleKey, str], *, is_cut: bool, notes: Notes
) -> None:
    what = "is left out" if is_cut else "finds nothing here, and stays in the file"
    for key in others:
        path, name, line, _ = key
        notes.differ(f"{name} {what}: {foreign[key]}", f"{path}:{line}")


def _add(files: dict[str, str], path: Path, text: str) -> str:
    name, number = f"{FOLDER}/{path.name}", 1
    while name in files:
        number += 1
        name = f"{FOLDER}/{path.stem}_{number}{path.suffix}"
    files[name] = text
    return name
