"""Alerts of real rules over a real store, and what draws them for messages."""

import json
from typing import Self

from prometheus_client import CollectorRegistry

from exporter.alert_pictures import PictureMetrics, RulePictures
from exporter.config.query import QuerySection
from exporter.model.alert import Alert
from exporter.rules.manager import RuleManager
from exporter.rules.model import RuleFile
from exporter.web.api_v1.queries import Queries
from exporter.web.pages.page_queries import PageQueries
from tests.clocks import FrozenClock
from tests.rules.world import World, read

HIGH = """
groups:
  - name: memory
    interval: 15s
    rules:
      - alert: High
        expr: used / limit > 0.85
        for: 1m
        labels: {severity: warning}
        annotations: {description: '{{ $value | humanizePercentage }}'}
"""


class Scene:
    """A world whose rules a manager knows; time goes on by `pass_time` alone."""

    def __init__(self, *files: RuleFile, deadline_seconds: float = 20.0) -> None:
        self.world = World()
        self.registry = CollectorRegistry()
        self.files = files or (read(HIGH),)
        self.manager = RuleManager(self.world.environment, FrozenClock())
        queries = PageQueries(Queries(self.world.store, QuerySection()))
        self.pictures = RulePictures(queries, PictureMetrics(self.registry), deadline_seconds)
        self.pictures.connect(self.manager)
        self.alerts: dict[str, Alert] = {}

    @property
    def now(self) -> float:
        """The time of the world, in epoch seconds."""
        return self.world.at_ms / 1000

    async def begin(self) -> Self:
        """Have the manager know the rules."""
        await self.manager.apply(self.files)
        return self

    async def pass_time(self, seconds: int, step: int = 15) -> None:
        """Go on, sampling what is set, evaluating all groups, and noting what they send."""
        for _ in range(0, seconds, step):
            self.world.at_ms += step * 1000
            self.world.sample()
            for group in self.manager.groups:
                await group.evaluate(self.world.at_ms)
            self.alerts |= {f"{one.name} {one.labels.get('instance')}": one for one in self.world.sink.take()}

    async def rise(self, instance: str = "a:1") -> Alert:
        """Let the memory of a server rise over its limit; returns the alert about it."""
        labels = f"{{instance={json.dumps(instance)}}}"
        self.world.set_series(f"limit{labels}", 100)
        for used in (20, 30, 50, 88, 91):
            self.world.set_series(f"used{labels}", used)
            await self.pass_time(300)
        return self.alerts[f"High {instance}"]

    def counted(self) -> dict[str, int]:
        """How many pictures came to what."""
        name = "redis_vigil_alert_pictures_total"
        samples = [one for metric in self.registry.collect() for one in metric.samples if one.name == name]
        return {one.labels["result"]: round(one.value) for one in samples if one.value}


async def begin(*files: RuleFile, deadline_seconds: float = 20.0) -> Scene:
    """Return a scene in which nothing has happened."""
    return await Scene(*files, deadline_seconds=deadline_seconds).begin()
