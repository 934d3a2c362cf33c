"""Converts what other tools are configured with, for `redis-vigil migrate`."""

import os
from collections.abc import Sequence
from pathlib import Path

from exporter.cli.draft_output import deliver
from exporter.migration.redis_exporter import Invocation, convert


def migrate_exporter(flags: Sequence[str], output: Path, *, dry_run: bool) -> None:
    """Write the configuration of a redis_exporter with these flags; raises `UsageError`."""
    invocation = Invocation(flags, os.environ, origin="its command line and environment")
    deliver(convert(invocation), output, dry_run=dry_run, next_steps=next_steps(output))


def next_steps(output: Path) -> Sequence[str]:
    """What to do with a new configuration."""
    config = output / "config.yml"
    return [f"redis-vigil check config {config}", f"redis-vigil run --config {config}"]
