"""No two shipped alerts keep each other from being told."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Final

from exporter.alerting.alert_provider import AlertProvider
from exporter.alerting.inhibition import Inhibitor
from exporter.config.alertmanager.inhibition import InhibitRule
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.routing import load_routing
from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec
from exporter.shipped import shipped
from tests.causes.world import RULES

_NOW: Final = 1000.0
# All that alerts about one thing can have in common.
_COMMON: Final = {
    "instance": "a:6379",
    "cluster": "shop",
    "master_name": "m",
    "master_address": "a:6379",
    "target_host": "a",
    "framework": "bullmq",
    "queue": "mail",
    "certificate": "server",
}
# What is told once of several servers names none of them.
_OF_SEVERAL: Final = ("RedisHostDown", "RedisMostDown", "RedisCluster", "RedisSentinel")
_CODES: Final = ("OOM", "MISCONF", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "BUSY", "NOREPLICAS")


def alerts() -> Iterator[Alert]:
    """Every shipped alert, about one and the same thing."""
    for file in load_rule_files(RULES):
        for group in file.groups:
            for rule in group.rules:
                if isinstance(rule, AlertSpec):
                    yield from _alerts_of(rule)


def _alerts_of(rule: AlertSpec) -> Iterator[Alert]:
    labels = {**_COMMON, **dict(rule.label_texts), "target_host": "a", "alertname": rule.name}
    if rule.name.startswith(_OF_SEVERAL):
        del labels["instance"]
    for code in _CODES if rule.name == "RedisSevereErrors" else ("",):
        yield Alert(Labels({**labels, "err": code}), starts_at=500.0, ends_at=2000.0)


def muted() -> Mapping[str, frozenset[str]]:
    """By alert: those that keep it from being told, each by itself."""
    rules = load_routing(shipped("alertmanager.yml"), lambda: _NOW).config.inhibit_rules
    everything = {" ".join((one.labels["alertname"], one.labels.get("err"))): one for one in alerts()}
    found: dict[str, frozenset[str]] = {}
    for name, target in everything.items():
        found[name] = frozenset(
            other for other, source in everything.items() if other != name and _mutes(rules, source, target)
        )
    return found


def _mutes(rules: Sequence[InhibitRule], source: Alert, target: Alert) -> bool:
    store = AlertProvider(limit=2)
    store.put(source)
    store.put(target)
    return Inhibitor(rules, store).inhibitor_of(target.labels, _NOW) is not None


def test_there_is_always_one_alert_left_that_is_told() -> None:
    by_alert = muted()
    assert by_alert["RedisSevereErrors OOM"] >= {"RedisDown ", "RedisMemoryFull "}
    # Fails where alerts mute each other, or one after the other in a circle.
    assert list(TopologicalSorter(by_alert).static_order())
