"""docs/metrics.md: every metric that the daemon can show.

`python -m exporter.metrics_reference.page docs/metrics.md` writes it; `make docs` does.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from exporter.metrics_reference.entries import Entry
from exporter.metrics_reference.groups import grouped_entries
from exporter.metrics_reference.usage import Usage

_HEAD: Final = """\
# Metrics

Written by `make docs` from the declarations in the code, the shipped rules and the shipped dashboards.

Every metric of a server carries the label `instance` besides its own, those of a cluster's nodes `cluster`
too, and what the configuration adds to a target. Metrics in *italics* are in the daemon's own store only,
for its rules and HTTP API: a Prometheus that scrapes the daemon writes its own. Besides, there are
`process_…` and `python_info` of prometheus-client for the daemon's process. A histogram consists of
`_bucket`, `_sum` and `_count`. Names, types and labels of what redis_exporter shows are redis_exporter's
([coming from redis_exporter](redis_exporter.md)); what a server does not tell has no series, never 0.

*Source* is the command, with the section and the field of INFO; *since* is the first version that tells it.
A metric is on `/metrics` where its [sampler](configuration.md#samplers) is on and the server
[permits](permissions.md) its command.

"""
_COLUMNS: Final = ("metric", "type", "labels", "unit", "meaning", "source", "since", "rules", "dashboards")


def page() -> str:
    """Return the whole page."""
    usage, groups = Usage(), list(grouped_entries())
    contents = " · ".join(f"[{title}](#{_anchor(title)})" for title, _ in groups)
    parts = [_part(title, entries, usage) for title, entries in groups]
    return _HEAD + contents + "\n" + "".join(parts)


def _part(title: str, entries: Sequence[Entry], usage: Usage) -> str:
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_row(entry, usage) for entry in entries)]
    return f"\n## {title}\n\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _row(entry: Entry, usage: Usage) -> tuple[str, ...]:
    name = f"`{entry.name}`" if entry.is_exposed else f"*{entry.name}*"
    cells = (
        name,
        entry.kind.value,
        ", ".join(f"`{label}`" for label in entry.labels),
        entry.unit,
        entry.meaning,
        entry.source,
        entry.since,
        usage.rules(entry.name, entry.kind),
        usage.panels(entry.name, entry.kind),
    )
    return tuple(cell.replace("|", "\\|") for cell in cells)


def _anchor(title: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    kept = "".join(_kept(title.lower()))
    return kept.replace(" ", "-")


def _kept(text: str) -> Iterator[str]:
    return (char for char in text if char.isalnum() or char in "_- ")


def main() -> None:
    """Write the page into the files that are named."""
    for name in sys.argv[1:]:
        Path(name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
