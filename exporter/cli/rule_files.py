"""What `redis-vigil rules` prints and writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from exporter.cli.formats import OutputFormat
from exporter.cli.output import add_row, make_console, make_table, say, write_csv, write_json
from exporter.drafts import Draft, begins_with, write_draft
from exporter.errors import UsageError
from exporter.model.printable import printable_lines
from exporter.reload import Plan, Source, load_plan
from exporter.rule_export import KubernetesOptions, RuleTexts, files, kubernetes, prometheus_rules, rule_texts
from exporter.rule_export.listing import COLUMNS, alert_rows


@dataclass(frozen=True, slots=True)
class RuleFilesWanted:
    """Whose rules are wanted, and in which form; `labels` as they are given, `name=value`."""

    config: Path | None
    kubernetes: bool = False
    namespace: str = ""
    labels: Sequence[str] = ()

    @property
    def marker(self) -> str:
        """The first line of all these files."""
        return kubernetes.MARKER if self.kubernetes else files.MARKER

    def texts(self) -> Sequence[RuleTexts]:
        """The rules in force. Raises `ConfigError`."""
        return rule_texts(_plan(self.config).rule_files)

    def files(self, texts: Sequence[RuleTexts]) -> Mapping[str, str]:
        """The files, by their names. Raises `UsageError`."""
        if self.kubernetes:
            options = KubernetesOptions(self.namespace, dict(map(_label, self.labels)))
            return dict(prometheus_rules(one, options) for one in texts)
        return dict(files.prometheus_file(one) for one in texts)


def list_rules(config: Path | None, form: OutputFormat) -> None:
    """Print the alert rules in force: what each compares with, for how long, and for which servers."""
    rows = alert_rows(_plan(config).rule_files)
    if form is OutputFormat.JSON:
        write_json([row.as_dict() for row in rows])
    elif form is OutputFormat.CSV:
        write_csv(COLUMNS, (row.csv() for row in rows))
    else:
        table = make_table(*(title.upper() for title in COLUMNS))
        for row in rows:
            add_row(table, *row.cells())
        make_console().print(table)


def print_files(wanted: RuleFilesWanted) -> None:
    """Print the files: objects of Kubernetes as documents of one stream, else each after its name."""
    for name, text in wanted.files(wanted.texts()).items():
        typer.echo(printable_lines(f"---\n{text}" if wanted.kubernetes else f"# {name}\n{text}"))


def write_files(wanted: RuleFilesWanted, directory: Path) -> None:
    """Write the files, and remove those of an earlier run that no rule is in any more."""
    texts = wanted.texts()
    new = wanted.files(texts)
    ending = ".yaml" if wanted.kubernetes else ".yml"
    old = [path for path in sorted(directory.glob(f"*{ending}")) if begins_with(path, wanted.marker)]
    for path in write_draft(Draft(new), directory, marker=wanted.marker):
        say(str(path))
    for path in old:
        if path.name not in new:
            _remove(path)
    rules = sum(len(group.rules) for one in texts for group in one.groups)
    changed = [one.source.name for one in texts if one.is_changed]
    beside = f"; other than written there: {', '.join(changed)}" if changed else ""
    say(f"{rules} rules in {len(texts)} files{beside}", err=True)


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise UsageError(f"{path}: cannot be removed: {error.strerror}") from None
    say(f"{path}: removed, its rules are not in force any more", err=True)


def _plan(config: Path | None) -> Plan:
    return load_plan(Source(config))


def _label(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise UsageError(f'"{text}" is not a label of Kubernetes: write NAME=VALUE')
    return name, value
