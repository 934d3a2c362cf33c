"""The page of the rules: state, errors, how long they take, and what fires."""

import asyncio
import re
from collections.abc import Sequence
from html import unescape

import httpx

from exporter.clock import SystemClock
from exporter.rules.group import RuleGroup
from tests.rules.world import World, make_group, read
from tests.web.directory import Rules
from tests.web.pages.page_context import page_context
from tests.web.pages.visitor import Visitor, visit

RULES = """
- alert: Hot
  expr: temperature > 30
  labels: {severity: critical}
- alert: Warm
  expr: temperature > 20
  for: 5m
- alert: Cold
  expr: |
    temperature
      < 10
- record: temperature:double
  expr: temperature * 2
- record: broken
  expr: temperature + on () group_left () (a or b)
- alert: Hot
  expr: temperature > 90
"""
HUNDRED = ", ".join(["{record: r, expr: 1}"] * 100)
MANY = "groups:\n" + "\n".join(f"- name: g{number}\n  rules: [{HUNDRED}]" for number in range(20))
HOSTILE = "<script>\\e\\u202e"


def evaluated(rules: str = RULES) -> RuleGroup:
    async def main() -> RuleGroup:
        world = World()
        world.at_ms = round(SystemClock().now() * 1000)
        world.set(temperature=35)
        world.set_series('a{x="1"}', 1)
        world.set_series('b{x="2"}', 1)
        group = make_group(world, rules)
        await world.evaluate(group)
        return group

    return asyncio.run(main())


def shown(groups: Sequence[RuleGroup], path: str = "/rules") -> str:
    pages: list[httpx.Response] = []

    async def story(visitor: Visitor) -> None:
        await visitor.get(path)
        pages.append(visitor.page)

    visit(page_context(rules=Rules(groups)), story)
    assert pages[0].status_code == 200, pages[0].text
    return pages[0].text


def row(page: str, anchor: str) -> str:
    """The texts of a rule's row."""
    found = re.findall(rf'<tr id="{anchor}">(.*?)</tr>', page, re.DOTALL)
    assert len(found) == 1
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", found[0]).split()))


def test_each_rule_says_how_it_is() -> None:
    page = shown([evaluated()])
    assert row(page, "Hot").startswith("1 firing Hot temperature > 30")
    assert "1 pending Warm for 5m" in row(page, "Warm")
    assert row(page, "Cold").startswith("quiet Cold temperature < 10 0")
    assert row(page, "temperature:double").startswith("records temperature:double temperature * 2 1")
    assert "many-to-many" in row(page, "broken") or "many" in row(page, "broken")
    assert "1 rule fails" in page
    assert 'href="#broken"' in page
    assert "every 15s, last" in unescape(re.sub(r"<[^>]*>", "", page))


def test_rules_of_one_name_have_anchors_of_their_own() -> None:
    page = shown([evaluated()])
    assert "temperature > 30" in row(page, "Hot")
    assert "temperature > 90" in row(page, "Hot-2")


def test_an_expression_leads_to_the_query_page_and_alerts_to_theirs() -> None:
    page = shown([evaluated()])
    assert 'href="./graph?g0.expr=temperature+%3E+30&amp;g0.tab=0"' in page
    assert 'href="./alerts?filter=alertname%3D%22Hot%22"' in page


def test_rules_are_found_by_name_expression_label_and_state() -> None:
    groups = [evaluated()]
    for query, anchors in (
        ("filter=DOUBLE", ["temperature:double"]),
        ("filter=severity%3Dcritical", ["Hot"]),
        ("filter=%3C+10", ["Cold"]),
        ("show=failing", ["broken"]),
        ("show=firing", ["Hot"]),
        ("show=recording", ["temperature:double", "broken"]),
        ("filter=nothing+like+it", []),
    ):
        assert re.findall(r'<tr id="([^"]+)"', shown(groups, f"/rules?{query}")) == anchors, query


def test_thousands_of_rules_are_cut() -> None:
    world = World()
    groups = [RuleGroup(spec, world.environment) for spec in read(MANY).groups]
    page = shown(groups)
    assert page.count("<tr id=") == 170
    assert "1,830 of 2,000 rules are not shown" in page
    assert len(page) < 150_000


def test_without_rules_it_says_where_they_come_from() -> None:
    assert "rule_files" in shown([])


def test_names_of_groups_and_rules_are_escaped() -> None:
    text = f'groups: [{{name: "{HOSTILE}", rules: [{{alert: "{HOSTILE}", expr: "vector(1)"}}]}}]'
    world = World()
    page = shown([RuleGroup(spec, world.environment) for spec in read(text).groups])
    assert "<script>" not in page
    assert "\u202e" not in re.sub(r'(id|href)="[^"]*"', "", page)
