"""A watched server for its page: what it is, what its samplers have written, what happened to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exporter.clock import Clock, SystemClock
from exporter.config.main import default_config
from exporter.events import EventRecorder
from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.model.target import Address, Target
from exporter.reload import plan_samplers
from exporter.samplers.runner import TargetRunner
from exporter.sampling.server_info import ServerInfo
from exporter.store import Store
from exporter.web.pages.context import PageContext
from tests.web.directory import Rules, Watched
from tests.web.pages.page_context import page_context
from tests.web.pages.visitor import Visitor, visit

INTERVAL_MS = 15_000

Metric = tuple[str, tuple[tuple[str, str], ...]]


def metric(metric_name: str, /, **labels: str) -> Metric:
    """One series."""
    return metric_name, tuple(labels.items())


@dataclass
class World:
    """Servers of which the samplers do not run: the test says what they found."""

    clock: Clock = field(default_factory=SystemClock)
    store: Store = field(default_factory=lambda: Store(retention_ms=6 * 3_600_000))
    runners: list[TargetRunner] = field(default_factory=list)
    rules: Rules = field(default_factory=Rules)

    def add(self, instance: str, server: ServerInfo | None = None, port: int = 6379) -> TargetRunner:
        """A server that is up where there is something known of it."""
        runner = TargetRunner(
            Target(instance, Address(port=port), labels=Labels({"env": "prod"})),
            plan_samplers(default_config(())),
            store=self.store,
            clock=self.clock,
            timeout_seconds=5.0,
        )
        if server is not None:
            runner.status.up = True
            runner.facts.provide(server)
        self.runners.append(runner)
        return runner

    def write(
        self, runner: TargetRunner, values: Mapping[Metric, Sequence[float]], *, until: float = 0.0
    ) -> None:
        """Samples of series, the last `until` seconds ago."""
        families: dict[str, Family] = {}
        points = []
        for name, labels in values:
            family = families.setdefault(name, Family(name, Kind.UNTYPED, "of a test"))
            points.append(Point(family, "", Labels(dict(labels))))
        layout = Layout(points, runner.target.series_labels)
        rows = list(zip(*values.values(), strict=True))
        end_ms = round((self.clock.now() - until) * 1000)
        for index, row in enumerate(rows):
            at_ms = end_ms - (len(rows) - 1 - index) * INTERVAL_MS
            self.store.append(Sample(f"{runner.target.instance}/test", at_ms, layout, list(row)))

    def context(self) -> PageContext:
        """What pages read of it."""
        context = page_context(self.store, Watched(self.runners), self.rules, clock=self.clock)
        for runner in self.runners:
            runner.events = EventRecorder(context.events, runner.target.instance, self.clock.now)
        return context

    def show(self, path: str, context: PageContext | None = None) -> tuple[int, str]:
        """Status and text of a page."""
        shown: list[tuple[int, str]] = []

        async def look(visitor: Visitor) -> None:
            text = await visitor.get(path)
            shown.append((visitor.page.status_code, text))

        visit(context or self.context(), look)
        return shown[0]


def rising(start: float, step: float, count: int = 240) -> Sequence[float]:
    """A counter, or a value that grows."""
    return [start + step * index for index in range(count)]
