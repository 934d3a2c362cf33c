"""The charts of a server say where the rules in force fire: no threshold is written anywhere but there."""

import asyncio
import re
from pathlib import Path

import pytest

from exporter.charts.time_range import ending_at
from exporter.model.labels import Labels
from exporter.promql import parse
from exporter.rules.group import RuleGroup
from exporter.rules.likeness import Likeness
from exporter.shipped import shipped
from exporter.web.pages.server.expressions import Expressions
from exporter.web.pages.server.limits import Limits
from exporter.web.pages.server.panels import panels_of
from tests.rules.world import World as Rules
from tests.rules.world import read
from tests.web.pages.server.test_server_page import lively, part
from tests.web.pages.server.watched import metric
from tests.web.pages.visitor import Visitor, visit

# Whose charts of the server are watched by which of the rules that are shipped.
SHIPPED = {
    "RedisClientsBlocked": "clients",
    "RedisClientsHigh": "clients",
    "RedisCommandSlow": "latency-mean",
    "RedisCpuSaturated": "cpu",
    "RedisEvictions": "expiry",
    "RedisExpiryStorm": "expiry",
    "RedisHitRateLow": "hits",
    "RedisLatencyHigh": "latency",
    "RedisLoadHigh": "commands",
    "RedisMemoryFull": "memory",
    "RedisMemoryHigh": "memory",
    "RedisMemorySwapped": "memory",
    "RedisMemoryUnlimited": "memory",
    "RedisNetworkOutputHigh": "network",
    "RedisReplicationLag": "replication",
    "RedisRssOverLimit": "memory",
}
RULES = """
groups:
- name: own
  rules:
  - {record: "used:ratio", expr: "redis_memory_used_bytes / (redis_memory_max_bytes > 0)"}
  - alert: NearlyFull
    expr: used:ratio > 0.75
    labels: {severity: critical}
    annotations: {summary: "{{ $value | humanizePercentage }}"}
  - alert: OfNoCache
    expr: (redis_memory_used_bytes unless on (instance) cache) > 1.6e9
    labels: {severity: warning}
  - {alert: OfOthers, expr: 'redis_memory_used_bytes{env="test"} > 1.7e9'}
  - {alert: ManyClients, expr: "40 < redis_connected_clients"}
  - {alert: FarAway, expr: "redis_connected_clients / redis_max_clients > 0.8"}
  - {alert: Equal, expr: "redis_connected_clients == 41"}
  - {alert: OneCommand, expr: 'rate(redis_commands_total{cmd="cmd8"}[5m]) > 10'}
  - {alert: Busy, expr: "rate(redis_commands_processed_total[5m]) > 200"}
"""


def groups_of(text: str) -> list[RuleGroup]:
    environment = Rules().environment
    return [RuleGroup(spec, environment) for spec in read(text).groups]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("rate(a[5m])", 'rate(a{instance="x"}[1m])', True),
        ("rate(a[5m])", "a", False),
        ("max by (x) (a) > 3", "(a)", True),
        ("sum(a)", "a", False),
        ("a / (b > 0)", "a / b", True),
        ("a / b", "b / a", False),
        ("-a", "a", False),
        ("r:a", "rate(a[1m])", True),
        ('a{cmd="get"}', "a", False),
        ("a and on (x) b unless c", "a", True),
        ("clamp_min(a, 0)", "clamp_min(a, 1)", False),
        ("avg_over_time(a[5m:1m])", "avg_over_time(a[1h])", True),
    ],
)
def test_what_measures_the_same_is_known_however_it_is_written(one: str, other: str, is_same: bool) -> None:
    likeness = Likeness({"r:a": parse("rate(a[5m])").root}, {"instance"})
    assert (likeness.of(parse(one).root) == likeness.of(parse(other).root)) == is_same


def test_a_recording_rule_of_itself_has_an_end() -> None:
    assert Likeness({"a": parse("a + a").root}).of(parse("a").root)


def test_the_shipped_rules_are_about_the_charts_that_show_what_they_watch() -> None:
    texts = [path.read_text() for path in Path(str(shipped("rules"))).glob("*.yml")]
    groups = [group for text in texts for group in groups_of(text)]
    expressions = Expressions.of("cache-1", 15)
    panels = panels_of(expressions, expressions, "master", ["get"], has_histograms=False)
    limits = Limits()
    limits._follow(groups)
    found = limits._candidates(panels, Labels({"instance": "cache-1"}))
    assert {one.rule.spec.name: one.topic for one in found} == SHIPPED


def test_thresholds_stand_on_the_charts_of_what_they_are_about() -> None:
    world, path = lively({metric("used:ratio"): [0.5] * 240})
    world.rules.groups = groups_of(RULES)
    _, page = world.show(path)
    memory = part(page, "chart-memory")
    assert "NearlyFull: above 75 % OfNoCache: above 1.49 GiB" in memory
    assert "OfOthers" not in memory
    # Three quarters of 2 GiB, at a scale that begins at 0.
    assert 'class="critical"><line class="th"' in page
    clients = part(page, "chart-clients")
    assert "ManyClients: above 40" in clients
    assert "Rules, not near: FarAway: above 0.8" in clients
    assert "Equal" not in clients
    assert "Busy: above 200" in part(page, "chart-commands")
    assert "OneCommand" not in page


def test_a_rule_that_does_not_watch_this_server_has_no_threshold_there() -> None:
    world, path = lively({metric("cache"): [1.0] * 240})
    world.rules.groups = groups_of(RULES)
    assert "OfNoCache" not in part(world.show(path)[1], "chart-memory")


def test_a_threshold_that_has_moved_is_a_line() -> None:
    rule = '{alert: Swapped, expr: "redis_memory_used_bytes / redis_memory_used_rss_bytes < 0.8"}'
    world, path = lively()
    world.rules.groups = groups_of(f"groups: [{{name: g, rules: [{rule}]}}]")
    assert "Swapped: below 0.8" in part(world.show(path)[1], "chart-memory")


def test_other_rules_are_seen_after_a_reload() -> None:
    world, path = lively()
    seen: list[str] = []

    async def look(visitor: Visitor) -> None:
        for text in (RULES, RULES.replace("40 <", "39 <")):
            world.rules.groups = groups_of(text)
            seen.append(part(await visitor.get(path), "chart-clients"))

    visit(world.context(), look)
    assert "ManyClients: above 40" in seen[0]
    assert "ManyClients: above 39" in seen[1]


def test_hostile_names_of_rules_are_escaped() -> None:
    world, path = lively()
    name = "<script>\\e" + "x" * 300
    world.rules.groups = groups_of(
        f'groups: [{{name: g, rules: [{{alert: "{name}", expr: "redis_connected_clients > 40"}}]}}]'
    )
    _, page = world.show(path)
    assert "<script>x" not in page
    assert not re.search(r"x{250}", part(page, "chart-clients"))


def test_limits_are_nothing_without_rules() -> None:
    world, _ = lively()
    context = world.context()
    expressions = Expressions.of("cache-1", 15)
    panels = panels_of(expressions, expressions, "master", [], has_histograms=False)
    span = ending_at(round(world.clock.now() * 1000), 3_600_000)
    assert asyncio.run(Limits().read([], panels, Labels({"instance": "x"}), context.queries, span)) == {}
