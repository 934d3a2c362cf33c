"""The search, and what is answered where there is nothing: without JavaScript, and for programs."""

import json
import re

from exporter.rules.group import RuleGroup
from exporter.sampling.server_info import ServerInfo
from exporter.web.pages.context import PageContext
from exporter.web.pages.search import MOST_SHOWN
from tests.rules.world import World as RuleWorld
from tests.rules.world import read
from tests.web.directory import Rules
from tests.web.pages.page_context import page_context
from tests.web.pages.server.watched import World, metric
from tests.web.pages.visitor import Visitor, alert, visit

RULES = """
groups:
- name: memory
  rules:
  - {alert: RedisMemoryHigh, expr: redis_memory_used_bytes > 1e9}
  - {record: "memory:ratio", expr: redis_memory_used_bytes / redis_memory_max_bytes}
"""


def world() -> PageContext:
    servers = World()
    runner = servers.add("cache-1", ServerInfo(version=(7, 2, 4), role="master"))
    servers.add("cache-2/ä")
    servers.write(runner, {metric("redis_memory_used_bytes"): [1.0], metric("redis_up"): [1.0]})
    groups = [RuleGroup(spec, RuleWorld().environment) for spec in read(RULES).groups]
    return page_context(servers.store, servers.context().targets, Rules(groups), clock=servers.clock)


def found(page: str) -> dict[str, list[str]]:
    """The names that were found, by their kind."""
    cards = re.findall(r'<section class="card" id="found-(\w+)">(.*?)</section>', page, re.DOTALL)
    return {kind: re.findall(r"<a href[^>]*><span[^>]*>([^<]*)", card) for kind, card in cards}


def test_servers_alerts_rules_and_metrics_are_found_by_all_words() -> None:
    context = world()
    fires = alert("RedisMemoryHigh", context.clock.now(), instance="cache-1")

    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/search?q=MEMORY")
        assert found(page) == {
            "alerts": ["RedisMemoryHigh"],
            "rules": ["RedisMemoryHigh", "memory:ratio"],
            "metrics": ["redis_memory_used_bytes"],
        }
        assert f'href="./alerts/{fires.fingerprint}"' in page
        assert 'href="./graph?g0.expr=redis_memory_used_bytes&amp;g0.tab=0"' in page
        assert 'href="./rules?filter=RedisMemoryHigh"' in page
        assert found(await visitor.get("/search?q=cache-1+high")) == {"alerts": ["RedisMemoryHigh"]}
        assert found(await visitor.get("/search?q=env%3Dprod+7.2"))["servers"] == ["cache-1"]
        page = await visitor.get("/search?q=%C3%84")
        assert 'href="./servers/cache-2%2F%C3%A4"' in page

    visit(context, story, [fires])


def test_every_page_has_the_search() -> None:
    async def story(visitor: Visitor) -> None:
        for path, root in (("/", "./"), ("/alerts", "./"), ("/servers/cache-1", "../")):
            assert f'action="{root}search"' in await visitor.get(path)

    visit(world(), story)


def test_nothing_is_looked_for_or_found() -> None:
    async def story(visitor: Visitor) -> None:
        assert "Nothing is looked for yet" in await visitor.get("/search")
        page = await visitor.get("/search?q=nosuchthing")
        assert visitor.page.status_code == 200
        assert "Nothing is called" in page
        await visitor.get("/search?q=" + "x" * 5_000)
        assert visitor.page.status_code == 400

    visit(world(), story)


def test_of_many_the_first_are_shown_and_the_others_counted() -> None:
    context = world()
    many = [alert(f"Many{number:02}", context.clock.now(), instance="cache-1") for number in range(40)]

    async def story(visitor: Visitor) -> None:
        page = await visitor.get("/search?q=many")
        assert len(found(page)["alerts"]) == MOST_SHOWN
        assert f"and {40 - MOST_SHOWN} more" in page

    visit(context, story, many)


def test_a_browser_that_asks_for_what_is_not_there_gets_a_way_out() -> None:
    async def story(visitor: Visitor) -> None:
        visitor.client.headers["accept"] = "text/html,application/xhtml+xml"
        page = await visitor.get("/no/such/<page>")
        assert visitor.page.status_code == 404
        assert "There is no page /no/such/&lt;page&gt; here" in page
        assert 'href="../../alerts"' in page
        # Routes keep what is theirs.
        assert (await visitor.client.get("/alerts/")).status_code == 307
        assert (await visitor.client.post("/alerts")).status_code == 405
        assert (await visitor.client.get("/silences/x/expire")).status_code in (303, 405)

    visit(world(), story)


def test_programs_are_told_in_a_line() -> None:
    async def story(visitor: Visitor) -> None:
        assert await visitor.get("/no/such/page") == "Not Found"
        assert visitor.page.status_code == 404
        visitor.client.headers["accept"] = json.dumps("application/json")
        assert await visitor.get("/api/v9/x") == "Not Found"

    visit(world(), story)
