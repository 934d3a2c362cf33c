"""Converts files of other programs, for `redis-vigil migrate`."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from exporter.cli.draft_output import deliver
from exporter.cli.migrating import next_steps
from exporter.config.document import Document, read_text
from exporter.drafts import Draft
from exporter.errors import UsageError
from exporter.migration.datadog import migrate_datadog
from exporter.migration.netdata import migrate_netdata
from exporter.migration.prometheus import Choices, migrate_prometheus
from exporter.migration.prometheus.exporters import Exporters
from exporter.migration.prometheus.scraping import SCRAPE_FILE
from exporter.migration.telegraf import migrate_telegraf
from exporter.routing import load_routing

_SUFFIXES: Final = frozenset({".conf", ".toml", ".yaml", ".yml"})
_MOST_FILES: Final = 5


def convert_prometheus(
    file: Path,
    output: Path,
    *,
    dry_run: bool,
    jobs: Sequence[str],
    exporters: tuple[Sequence[str], Path | None],
    own: Path | None,
) -> None:
    """Write the configuration for a prometheus.yml; raises `ConfigError` and `UsageError`.

    `exporters` are which servers they ask, and their password file.
    """
    _require_file(file)
    if own is not None:
        load_routing(own, time.time)
    choices = Choices(jobs, Exporters.parse(*exporters), own, os.environ)
    draft = migrate_prometheus(Document.load(file), choices)
    scraping = f"with that Prometheus: scrape_config_files: [{output / SCRAPE_FILE}], and take out those jobs"
    _deliver(draft, output, dry_run, scraping)


def convert_telegraf(file: Path, output: Path, *, dry_run: bool) -> None:
    """Write the configuration for a telegraf.conf; raises `ConfigError`."""
    _require_file(file)
    text = read_text(file, str(file))
    _deliver(migrate_telegraf(text, str(file), file.parent.absolute(), os.environ), output, dry_run)


def convert_datadog(file: Path, output: Path, *, dry_run: bool) -> None:
    """Write the configuration for a redisdb.d/conf.yaml; raises `ConfigError`."""
    _require_file(file)
    _deliver(migrate_datadog(Document.load(file)), output, dry_run)


def convert_netdata(file: Path, output: Path, *, dry_run: bool) -> None:
    """Write the configuration for a go.d/redis.conf; raises `ConfigError`."""
    _require_file(file)
    _deliver(migrate_netdata(Document.load(file)), output, dry_run)


def _require_file(path: Path) -> None:
    """Raises `UsageError` for a directory, with what in it may be meant."""
    if not path.is_dir():
        return
    files = (one.name for one in path.iterdir() if one.suffix in _SUFFIXES)
    found = ", ".join(sorted(files)[:_MOST_FILES])
    raise UsageError(f"{path}: is a directory: name the file{f' in it ({found})' if found else ''}")


def _deliver(draft: Draft, output: Path, dry_run: bool, *steps: str) -> None:
    deliver(draft, output, dry_run=dry_run, next_steps=[*next_steps(output), *steps])
