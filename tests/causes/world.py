"""The shipped rules and the shipped alertmanager.yml, together in virtual time.

Series as in unit tests of rules go in, messages come out: of what fires, what people are told.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from exporter.notify.notification import Notification
from exporter.promql import Engine
from exporter.rules.environment import Environment
from exporter.rules.group import RuleGroup
from exporter.rules.load import load_rule_files
from exporter.rules.origins import origins_of
from exporter.rules.unit_tests.schema import SeriesSection
from exporter.rules.unit_tests.series import SeriesFeed
from exporter.shipped import shipped
from exporter.store import Store
from tests.alerting.own_world import OwnWorld
from tests.clocks import EPOCH, run_virtually

ROOT: Final = Path(__file__).parents[2]
RULES: Final = sorted((ROOT / "rules").glob("*.yml"))
INTERVAL_SECONDS: Final = 15
WATCHDOG: Final = "VigilWatchdog"


@dataclass(frozen=True)
class Cause:
    """Something that happens once, and what people want to be told of it.

    `series`: values every 15 s. `fires`: the alerts that fire because of it, told or not. `told`: the
    messages one after the other, each by what it says that fires, as `alertname` or `alertname/what it is
    about`; those that only say what is over are left out.
    """

    name: str
    series: Mapping[str, str]
    fires: frozenset[str]
    told: Sequence[frozenset[str]]
    minutes: float = 15


@dataclass
class Outcome:
    """What came of it."""

    fired: set[str] = field(default_factory=set)
    told: list[frozenset[str]] = field(default_factory=list)


def see(cause: Cause) -> Outcome:
    """Let it happen."""
    return run_virtually(_play(cause))


async def _play(cause: Cause) -> Outcome:
    world = OwnWorld(_routing())
    outcome = Outcome()
    await world.manager.start()
    store = Store()
    environment = Environment(
        Engine(store), store, world.manager, evaluation_interval_ms=INTERVAL_SECONDS * 1000
    )
    files = load_rule_files(RULES)
    environment.origins = origins_of(files)
    groups = [RuleGroup(group, environment) for file in files for group in file.groups]
    sections = [SeriesSection(series=name, values=values) for name, values in cause.series.items()]
    feed = SeriesFeed(sections, start_ms=round(EPOCH * 1000), interval_ms=INTERVAL_SECONDS * 1000)
    loop = asyncio.get_running_loop()
    while loop.time() < cause.minutes * 60:
        feed.write(store, round((EPOCH + loop.time()) * 1000))
        # As in the daemon, each group has its own moment within the interval.
        for group in groups:
            await group.evaluate(round((EPOCH + loop.time()) * 1000))
            await asyncio.sleep(INTERVAL_SECONDS / len(groups))
            outcome.fired |= {
                rule.spec.name
                for rule in group.alerting_rules
                for alert in rule.active.values()
                if alert.is_firing and rule.spec.name != WATCHDOG
            }
    await world.manager.stop(0)
    outcome.told = [firing for sent in world.notifications if (firing := _news(sent))]
    return outcome


def _news(sent: Notification) -> frozenset[str]:
    """What a message says that fires; nothing where all that has changed is that an event has ended."""
    over = [alert.labels for alert in sent.alerts if alert.is_resolved(sent.now)]
    if over and all(labels.get("kind") == "event" for labels in over):
        return frozenset()
    firing = (alert.labels.as_dict() for alert in sent.alerts if not alert.is_resolved(sent.now))
    return frozenset(_word(labels) for labels in firing if labels["alertname"] != WATCHDOG)


def _word(labels: Mapping[str, str]) -> str:
    about = (
        labels.get("instance")
        or labels.get("target_host")
        or labels.get("cluster")
        or labels.get("master_name")
    )
    return f"{labels['alertname']}/{about}" if about else labels["alertname"]


def _routing() -> str:
    """The shipped file, whose receivers have a webhook each."""
    routing: dict[str, Any] = yaml.safe_load(shipped("alertmanager.yml").read_text())
    for receiver in routing["receivers"]:
        receiver["webhook_configs"] = [{"url": f"http://hook/{receiver['name']}"}]
    return yaml.safe_dump(routing)
