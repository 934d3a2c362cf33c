"""A small world for rules: a real store and engine, a clock that can be set, a sink that listens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path

from exporter.config.document import Document
from exporter.model.alert import Alert
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.sample import Family, Kind, Layout, Point, Sample
from exporter.promql import Engine, Vector, parse
from exporter.rules.alerting import AlertingRule
from exporter.rules.environment import Environment
from exporter.rules.group import RuleGroup
from exporter.rules.load import read_rules
from exporter.rules.model import RuleFile
from exporter.rules.notation import parse_series
from exporter.store import Store

# Far from 0, and at no multiple of any interval.
START_MS = 1_700_000_000_123


class ListeningSink:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.batches: list[list[Alert]] = []

    async def receive(self, alerts: Sequence[Alert]) -> None:
        self.batches.append(list(alerts))

    def take(self) -> list[Alert]:
        """Everything since the last call."""
        taken = [alert for batch in self.batches for alert in batch]
        self.batches.clear()
        return taken


class UnsampledTargets:
    """Targets named here cannot be sampled; all of them had a part in every alert that names no target.

    They have been missing since `missing_since`; alerts are found at the moment 0.
    """

    def __init__(self, *instances: str, missing_since: float = inf) -> None:
        self.instances = set(instances)
        self.missing_since = missing_since
        self.asked: list[tuple[Labels, frozenset[str]]] = []

    def moment(self, at_ms: int | None = None) -> float:
        return 0.0

    def is_missing(self, labels: Labels, metrics: frozenset[str], since: float) -> bool:
        self.asked.append((labels, metrics))
        if labels.get("instance"):
            return labels.get("instance") in self.instances
        return bool(self.instances) and self.missing_since >= since


class World:
    """One moment after the other; each holds the values that were `set`, until they are set to None."""

    def __init__(self) -> None:
        self.store = Store()
        self.sink = ListeningSink()
        self.environment = Environment(Engine(self.store), self.store, self.sink)
        self.at_ms = START_MS
        self._values: dict[str, float | None] = {}
        self._layouts: dict[str, Layout] = {}

    def set(self, **values: float | None) -> None:
        """Values of series without labels, from now on; None: the series ends."""
        self._values.update(values)

    def set_series(self, series: str, value: float | None) -> None:
        """The value of a series such as `a{b="c"}` from now on."""
        self._values[series] = value

    async def evaluate(self, group: RuleGroup, seconds: float = 0.0) -> list[Alert]:
        """Go on by so many seconds, sample, evaluate; returns what was handed to the sink."""
        self.at_ms += round(seconds * 1000)
        self.sample()
        await group.evaluate(self.at_ms)
        return self.sink.take()

    def sample(self) -> None:
        """Write all values for this moment."""
        for series, value in self._values.items():
            layout = self._layouts.get(series)
            if layout is None:
                labels = parse_series(series)
                family = Family(labels.name, Kind.GAUGE, "")
                layout = self._layouts[series] = Layout([Point(family, "", labels.without(METRIC_NAME))])
            self.store.append(Sample(series, self.at_ms, layout, [value]))

    def query(self, text: str) -> dict[str, float]:
        """A query at this moment: values by series."""
        value = self.environment.engine.instant(parse(text), self.at_ms).value
        assert isinstance(value, Vector)
        return {str(sample.labels): sample.value for sample in value.samples}


def read(text: str, name: str = "rules.yml") -> RuleFile:
    """The rule file of a text."""
    return read_rules(Document.parse(text, name, base=Path(), lenient=True))


def make_group(world: World, rules: str, *, options: str = "") -> RuleGroup:
    """A group at an interval of 15 s from the text of its rules, each line of which stands at the margin."""
    indented = "\n".join(f"    {line}" for line in rules.strip().splitlines())
    text = f"groups:\n- name: g\n  interval: 15s\n  {options}\n  rules:\n{indented}\n"
    return RuleGroup(read(text).groups[0], world.environment)


def only_rule(group: RuleGroup) -> AlertingRule:
    """The one alerting rule of a group."""
    (rule,) = group.alerting_rules
    return rule


def states(group: RuleGroup) -> dict[str, str]:
    """The states of all alerts, by their labels."""
    return {
        str(labels.without("alertname")): alert.state.value
        for rule in group.alerting_rules
        for labels, alert in rule.active.items()
    }


@asynccontextmanager
async def counted_rounds() -> AsyncIterator[list[int]]:
    """Counts the rounds of the event loop inside the block, as the one number of the list."""
    rounds = [0]

    async def count() -> None:
        while True:
            rounds[0] += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    try:
        yield rounds
    finally:
        counting.cancel()


def live(scenario: Callable[[World], Awaitable[None]]) -> None:
    """Run a scenario in a fresh world."""

    async def begin() -> None:
        await scenario(World())

    asyncio.run(begin())
