"""The daemon's own metrics, from the registry of a daemon that is built and never started."""

import asyncio
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from exporter.app import App
from exporter.metrics_reference.entries import Entry, unit_of
from exporter.model.sample import Kind
from exporter.reload import Source, load_plan
from exporter.web.server import bind

# Of prometheus-client, and not the same on every platform.
_OF_LIBRARY: Final = ("process_", "python_")
# With everything that has metrics only where it is configured.
_CONFIG: Final = "targets:\n- url: redis://127.0.0.1:6379\nstorage:\n  path: state\n"


def own_entries() -> Sequence[Entry]:
    """Return the entries of everything that the daemon counts of itself."""
    with tempfile.TemporaryDirectory(prefix="vigil-reference-") as directory:
        path = Path(directory) / "config.yml"
        path.write_text(_CONFIG, encoding="utf-8")
        return asyncio.run(_collect(path))


async def _collect(path: Path) -> Sequence[Entry]:
    plan = load_plan(Source(path))
    app = App(plan, lambda: plan, bind("127.0.0.1", 0))
    try:
        return list(_entries(app.core.own.registry))
    finally:
        await app.stop()


def _entries(registry: CollectorRegistry) -> Iterator[Entry]:
    # prometheus-client tells the names of labels nowhere else before there is a first value.
    for collector in getattr(registry, "_collector_to_names"):  # noqa: B009
        for metric in collector.collect():
            if metric.name.startswith(_OF_LIBRARY):
                continue
            labels = getattr(collector, "_labelnames", ()) or getattr(metric, "_labelnames", ())
            yield _entry(metric, labels)


def _entry(metric: Metric, labels: Iterable[str]) -> Entry:
    kind = Kind(metric.type)
    name = f"{metric.name}_total" if kind is Kind.COUNTER else metric.name
    return Entry(name, kind, tuple(labels), unit_of(name), _sentence(metric.documentation), "the daemon", "")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
