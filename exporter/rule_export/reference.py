"""docs/rules_reference.md: every shipped rule that alerts, with what can be set of it.

`python -m exporter.rule_export.reference docs/rules_reference.md` writes it; `make docs` does.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from exporter.model.duration import format_duration
from exporter.model.floats import format_float
from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec, RuleFile
from exporter.rules.tailoring import Threshold, thresholds_of
from exporter.rules.tailoring.units import tell_number
from exporter.shipped import shipped_rules, shipped_runbooks

_HEAD: Final = """\
# Reference of the rules

Written by `make docs` from the rules and the runbooks. [Alert rules](rules.md) tells how they are made, and
[how to set what is here](rules.md#thresholds-of-your-own).

Each rule has the line of config.yml that says what holds without it: take what you want otherwise into
`rules`. Thresholds are in the unit of the expression; `80%`, `2GiB` and `5m` are understood where that is a
ratio, bytes or seconds. A threshold with a name is written `threshold: {name: 5}`, and the one without a name
`main` beside it. All other keys are in [configuration.md](configuration.md#rules).

"""
_TITLES: Final = {"tls": "TLS", "slowlog": "Slow log", "daemon": "The daemon itself"}
_SECTION: Final = re.compile(r"^## (\w+)\n\n(.*?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
_SENTENCE: Final = re.compile(r".*?[.:](?=\s+[A-Z`]|$)")


def page() -> str:
    """Return the whole page."""
    files, sentences = load_rule_files(shipped_rules()), _sentences()
    parts = ["".join(_file(file, sentences)) for file in files]
    return _HEAD + "".join(_overview(files)) + "".join(parts)


def _sentences() -> Mapping[str, str]:
    """The first sentence of each rule's part of its runbook."""
    found = {}
    for path in sorted(shipped_runbooks().glob("*.md")):
        for section in _SECTION.finditer(path.read_text(encoding="utf-8")):
            text = " ".join(section[2].split())
            first = _SENTENCE.match(text)
            found[section[1]] = (first[0] if first else text).removesuffix(":").rstrip(".") + "."
    return found


def _overview(files: Sequence[RuleFile]) -> Iterator[str]:
    yield "| rule | thresholds | for | severity |\n|---|---|---|---|\n"
    for file in files:
        for spec in _alerts(file):
            thresholds = ", ".join(map(_short, thresholds_of(spec).by_name.values()))
            cells = (f"[{spec.name}](#{spec.name.lower()})", thresholds, _wait(spec), _severity(spec))
            yield f"| {' | '.join(cells)} |\n"


def _file(file: RuleFile, sentences: Mapping[str, str]) -> Iterator[str]:
    stem = Path(file.path).stem
    yield f"\n## {_TITLES.get(stem, stem.capitalize())}\n\nThe file is [`{stem}.yml`](../rules/{stem}.yml).\n"
    for spec in _alerts(file):
        yield from _rule(spec, stem, sentences[spec.name])


def _rule(spec: AlertSpec, stem: str, sentence: str) -> Iterator[str]:
    found = thresholds_of(spec)
    wait = f" after {_wait(spec)}" if spec.for_ms else " at once"
    runbook = f"[Runbook](runbooks/{stem}.md#{spec.name.lower()})"
    yield f"\n### {spec.name}\n\n{sentence} Severity `{_severity(spec)}`,{wait}. {runbook}.\n\n"
    if found.by_name:
        yield "| threshold | default | unit | of what |\n|---|---|---|---|\n"
        yield from map(_row, found.by_name.values())
    else:
        yield f"No threshold: {found.why_not}.\n"
    yield f"\n```yaml\n{_configuration(spec, found.by_name)}\n```\n\n```promql\n{spec.query.strip()}\n```\n"


def _row(one: Threshold) -> str:
    name = f"`{one.name}`" if one.name else ""
    plain = format_float(one.number)
    told = tell_number(one.number, one.unit)
    default = f"{one.op} {told}".strip() + ("" if told == plain else f" ({plain})")
    return f"| {name} | {default} | {one.unit} | {one.about} |\n"


def _configuration(spec: AlertSpec, thresholds: Mapping[str, Threshold]) -> str:
    """The line that says what holds without it."""
    settings = []
    numbers = {name: tell_number(one.number, one.unit) for name, one in thresholds.items()}
    if numbers.keys() == {""}:
        settings.append(f"threshold: {numbers['']}")
    elif numbers:
        pairs = ", ".join(f"{name or 'main'}: {text}" for name, text in numbers.items())
        settings.append(f"threshold: {{{pairs}}}")
    settings.append(f"for: {format_duration(spec.for_ms)}")
    settings.append(f"severity: {_severity(spec)}")
    return f"rules: {{{spec.name}: {{{', '.join(settings)}}}}}"


def _short(one: Threshold) -> str:
    return " ".join(part for part in (one.name, one.op, tell_number(one.number, one.unit)) if part)


def _wait(spec: AlertSpec) -> str:
    return format_duration(spec.for_ms) if spec.for_ms else ""


def _severity(spec: AlertSpec) -> str:
    return dict(spec.label_texts).get("severity", "")


def _alerts(file: RuleFile) -> Iterator[AlertSpec]:
    for group in file.groups:
        yield from (rule for rule in group.rules if isinstance(rule, AlertSpec))


def main() -> None:
    """Write the page into the files that are named."""
    for name in sys.argv[1:]:
        Path(name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
