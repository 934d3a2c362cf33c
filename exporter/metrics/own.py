"""The daemon's own metrics: kept by prometheus-client, and read into the store for the rules."""

from collections.abc import Awaitable, Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

import exporter
from exporter.metrics.text import Format
from exporter.model.labels import Labels
from exporter.model.sample import Absence, Family, Kind, Layout, Point, Sample

SOURCE = "self"
# Prometheus gets the start of the process; a second series per counter tells nothing more.
disable_created_metrics()
# Full names, so that grep finds them.
_RELOAD_SUCCESSFUL = (
    "redis_vigil_config_last_reload_successful",
    "alertmanager_config_last_reload_successful",
)
_RELOAD_TIME = (
    "redis_vigil_config_last_reload_success_timestamp_seconds",
    "alertmanager_config_last_reload_success_timestamp_seconds",
)
_END_MARK = b"# EOF\n"
_COUNTED = (Kind.COUNTER, Kind.HISTOGRAM, Kind.SUMMARY)


class OwnMetrics:
    """The registry of the daemon's own metrics.

    `registry` is where every part registers its counters; there is no global one.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        # Under Alertmanager's names, too, since alertmanager.yml is loaded with the rest.
        self._reload_successful = [
            Gauge(
                name,
                "Whether the last attempt to load the configuration succeeded.",
                registry=self.registry,
            )
            for name in _RELOAD_SUCCESSFUL
        ]
        self._reload_time = [
            Gauge(
                name,
                "When the configuration was last loaded successfully, in seconds since the epoch.",
                registry=self.registry,
            )
            for name in _RELOAD_TIME
        ]
        build = Gauge(
            "redis_vigil_build_info",
            "The version of the daemon; always 1.",
            ["version"],
            registry=self.registry,
        )
        build.labels(version=exporter.__version__).set(1)
        # The same under redis_exporter's name, for dashboards that show it.
        compatible = Gauge(
            "redis_exporter_build_info",
            "The version of the daemon, in redis_exporter's labels; always 1.",
            ["version", "commit_sha", "build_date", "golang_version"],
            registry=self.registry,
        )
        compatible.labels(exporter.__version__, "", "", "").set(1)
        self._preparations: list[Callable[[], Awaitable[None]]] = []
        self._families: dict[str, Family] = {}
        self._points: dict[tuple[str, Labels], Point] = {}
        self._layout = Layout(())
        # These count from the start of the process, so that a missing series stands at 0.
        self._absence = Absence()

    def note_reload(self, succeeded: bool, loaded_at: float) -> None:
        """How the last attempt to load the configuration went, and when one last succeeded (epoch)."""
        for gauge in self._reload_successful:
            gauge.set(succeeded)
        for gauge in self._reload_time:
            gauge.set(loaded_at)

    def prepare_by(self, prepare: Callable[[], Awaitable[None]]) -> None:
        """Have this called before the metrics are read: what takes long to count."""
        self._preparations.append(prepare)

    async def prepare(self) -> None:
        """Bring up to date what `text` and `sample` cannot wait for; gives way to the event loop."""
        for prepare in self._preparations:
            await prepare()

    def text(self, form: Format) -> bytes:
        """All of them in an exposition format, without an end mark."""
        if form is Format.OPENMETRICS:
            page: bytes = generate_openmetrics(self.registry)
            return page.removesuffix(_END_MARK)
        return generate_latest(self.registry)

    def sample(self, timestamp_ms: int) -> Sample:
        """All of them as a sample of now (milliseconds)."""
        values: dict[Point, float] = {}
        for name, metric, labels, value in self._collect():
            values[self._point(name, metric, labels)] = value
        if values.keys() != set(self._layout.points):
            self._layout = Layout(tuple(values))
        found = [values[point] for point in self._layout.points]
        return Sample(SOURCE, timestamp_ms, self._layout, found, self._absence)

    def _collect(self) -> Iterator[tuple[str, Metric, Labels, float]]:
        for metric in self.registry.collect():
            for sample in metric.samples:
                yield sample.name, metric, Labels(sample.labels), float(sample.value)

    def _point(self, name: str, metric: Metric, labels: Labels) -> Point:
        point = self._points.get((name, labels))
        if point is None:
            family = self._families.get(name)
            if family is None:
                family = self._families[name] = Family(name, _kind(metric.type), metric.documentation)
                if family.kind in _COUNTED:
                    self._absence = Absence(self._absence.families | {family})
            point = self._points[(name, labels)] = Point(family, "", labels)
        return point


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        return Kind.UNTYPED
