"""Converts what other tools are configured with, for `redis-vigil migrate`."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from exporter.cli.draft_output import deliver
from exporter.migration.redis_exporter import Invocation, convert
from exporter.migration.redis_exporter.scraping import scraping_remarks
from exporter.migration.redis_exporter.sources import read_environment_file, read_source, read_words


def migrate_exporters(
    flags: Sequence[str],
    files: Sequence[Path],
    env_files: Sequence[Path],
    prometheus: Path | None,
    output: Path,
    *,
    dry_run: bool,
) -> None:
    """Write the configuration of redis_exporters, of which each file may start some; raises `UsageError`."""
    more = {name: value for file in env_files for name, value in read_environment_file(file).items()}
    found: list[Invocation] = []
    for file in files:
        found += read_source(file, more, os.environ)
    if flags or not files:
        origin = "its command line and environment"
        found.append(read_words(flags, {**os.environ, **more}, Path(), origin))
    migration = convert(found)
    remarks = scraping_remarks(prometheus) if prometheus else ()
    draft = replace(migration.draft, differs=(*migration.draft.differs, *remarks))
    deliver(draft, output, dry_run=dry_run, next_steps=next_steps(output, migration.log_options))


def next_steps(output: Path, options: Sequence[str] = ()) -> Sequence[str]:
    """What to do with a new configuration; `options` are those of redis-vigil itself."""
    config = output / "config.yml"
    return [
        f"redis-vigil check config {config}",
        " ".join(("redis-vigil", *options, f"run --config {config}")),
    ]
