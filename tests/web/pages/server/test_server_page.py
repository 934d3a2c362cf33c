"""The page of one server: what it says of servers in whatever state, under whatever name."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import pytest

from exporter.errors import Reason, ReplyError, TargetError
from exporter.events import Event, EventKind, Fields
from exporter.sampling.server_info import ServerInfo
from tests.web.pages.server.watched import Metric, World, metric, rising
from tests.web.pages.visitor import Visitor, alert, visit

PRIMARY = ServerInfo(engine="redis", version=(7, 0, 15), role="master", run_id="a", started_at=1_000.0)


def text_of(page: str) -> str:
    """What is read of a page."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def part(page: str, name: str) -> str:
    """The text of what has this id, to the end of its section, tile or figure."""
    found = re.search(rf'<(\w+) [^>]*id="{re.escape(name)}".*?</\1>', page, re.DOTALL)
    assert found is not None, f"nothing has the id {name}"
    return text_of(found[0])


def lively(more: Mapping[Metric, Sequence[float]] | None = None) -> tuple[World, str]:
    world = World()
    runner = world.add("cache-1", PRIMARY)
    world.write(
        runner,
        {
            metric("redis_memory_used_bytes"): rising(2**30, 2**20),
            metric("redis_memory_used_rss_bytes"): rising(2**30 * 1.1, 2**20),
            metric("redis_memory_max_bytes"): [2.0**31] * 240,
            metric("redis_commands_processed_total"): rising(0, 1500),
            **{
                metric("redis_commands_total", cmd=f"cmd{number}"): rising(0, 150.0 * (number + 1))
                for number in range(9)
            },
            **{
                metric("redis_commands_duration_seconds_total", cmd=f"cmd{number}"): rising(
                    0, 1.5 * (number + 1)
                )
                for number in range(9)
            },
            metric("redis_connected_clients"): [42.0] * 240,
            metric("redis_max_clients"): [10_000.0] * 240,
            metric("redis_clients_by_name", name="web"): [40.0] * 240,
            metric("redis_clients_by_name", name="none"): [2.0] * 240,
            **(more or {}),
        },
    )
    return world, "/servers/cache-1"


def test_a_lively_server_has_its_head_tiles_charts_and_tables() -> None:
    world, path = lively()
    status, page = world.show(path)
    assert status == 200
    assert "Redis 7.0.15" in part(page, "head")
    assert "env=prod" in part(page, "head")
    assert re.match(r"Memory 61\.[67] % of 2 GiB, full about ", part(page, "tile-memory"))
    assert part(page, "tile-commands").startswith("Commands 100 /s")
    assert part(page, "tile-clients").startswith("Clients 42 of 10 k")
    assert "limit 2 GiB" in part(page, "chart-memory")
    assert "resident (RSS)" in part(page, "chart-memory")
    assert "web 40" in part(page, "clients")
    assert "no name 2" in part(page, "clients")


def test_the_six_commands_that_run_most_have_a_layer_each_and_the_others_one() -> None:
    world, path = lively()
    _, page = world.show(path)
    legend = part(page, "chart-commands")
    assert [name for name in legend.split() if name.startswith("cmd")] == [
        f"cmd{number}" for number in (3, 4, 5, 6, 7, 8)
    ]
    # 10, 20 and 30 a second.
    assert "other, 3 60.0/s" in legend


def test_tiles_are_of_the_end_of_a_range_that_is_over() -> None:
    world, path = lively()
    end = world.clock.now() - 30 * 60
    _, page = world.show(f"{path}?from={end - 600:.0f}&to={end:.0f}")
    assert re.match(r"Memory 55\.[78] %", part(page, "tile-memory"))


def test_a_title_leads_to_its_expressions_on_the_page_for_queries() -> None:
    world, path = lively()
    _, page = world.show(f"{path}?range=6h")
    link = re.search(r'id="chart-network".*?href="([^"]+)"', page, re.DOTALL)
    assert link is not None
    assert "g0.expr=rate%28redis_net_output_bytes_total" in link[1]
    assert "g1.expr=rate%28redis_net_input_bytes_total" in link[1]
    assert "g0.range_input=6h" in link[1]
    # From /servers/cache-1.
    assert link[1].startswith("../graph?")


def test_a_server_that_is_down_says_why_and_since_when_and_keeps_what_was() -> None:
    world, path = lively()
    runner = world.runners[0]
    context = world.context()
    runner.status.up = False
    info = runner.status.samplers["info"]
    info.reason, info.message, info.attempted_at = Reason.REFUSED, "redis://x:1: Connection refused", 1.0

    async def look(visitor: Visitor) -> None:
        runner.events.remember("up", {"up": False, "since": world.clock.now() - 60})
        pages.append(await visitor.get(path))

    pages: list[str] = []
    visit(context, look)
    page = pages[0]
    assert "Down, connection refused since" in part(page, "head")
    assert "Connection refused" in part(page, "trouble")
    assert "used" in part(page, "chart-memory")
    assert "does not answer" in part(page, "chart-network")
    assert "waits until the server answers" in part(page, "samplers")
    assert re.match(r"Memory – 61\.[3-7] % before", part(page, "tile-memory"))
    assert re.match(r"Commands – 100 /s before", part(page, "tile-commands"))


def test_of_a_sentinel_there_is_what_a_sentinel_tells() -> None:
    world = World()
    runner = world.add("sentinel-1", ServerInfo(engine="redis", mode="sentinel", run_id="a"))
    status = metric("redis_sentinel_master_status", master_name="shop<b>", master_status="ok")
    world.write(runner, {status: [1.0] * 20, metric("redis_connected_clients"): [3.0] * 20})
    _, page = world.show("/servers/sentinel-1")
    assert "Sentinel" in part(page, "head")
    assert part(page, "tile-primaries") == "Primaries 1 shop&lt;b&gt; ok"
    assert 'id="chart-clients"' in page
    assert 'id="chart-memory"' not in page
    assert 'id="tile-keys"' not in page
    assert 'id="queues"' not in page
    assert "this server has nothing of it" in part(page, "samplers")


def test_a_server_that_was_not_asked_yet_says_so() -> None:
    world = World()
    world.add("new")
    status, page = world.show("/servers/new")
    assert status == 200
    assert "Not asked yet" in part(page, "head")
    assert "has not been asked yet" in part(page, "chart-memory")
    assert "waits for its first turn" in part(page, "samplers")


def test_what_a_server_refuses_is_said_with_the_line_that_grants_it() -> None:
    world, path = lively()
    runner = world.runners[0]
    error = ReplyError(Reason.PERMISSION, "NOPERM no permissions to run 'latency|histogram'")
    runner.status.samplers["command_latency"].attempted_at = 1.0
    runner.status.samplers["command_latency"].support.mark_unsupported("LATENCY HISTOGRAM", error)
    _, page = world.show(path)
    assert "ACL SETUSER default +latency|histogram" in part(page, "samplers")
    assert "without LATENCY HISTOGRAM" in part(page, "samplers")
    assert "refuses LATENCY HISTOGRAM" in part(page, "chart-latency-p99")
    # 10 ms a call, of those that took most time.
    assert re.search(r"cmd8 10(\.0)? ms", part(page, "chart-latency-mean"))
    assert 'id="chart-latency-p50"' not in page


def test_a_wrong_password_says_where_it_is_written() -> None:
    world, path = lively()
    runner = world.runners[0]
    runner.status.up = False
    info = runner.status.samplers["info"]
    error = TargetError(Reason.WRONG_PASSWORD, "redis://x:1: WRONGPASS")
    info.reason, info.message, info.attempted_at = error.reason, str(error), 1.0
    _, page = world.show(path)
    assert "Wrong password" in part(page, "head")
    assert "docs/permissions.md" in part(page, "trouble")


def test_a_primary_and_its_replicas_lead_to_each_other() -> None:
    world = World()
    ids = frozenset({"r1"})
    primary = ServerInfo(role="master", replication_ids=ids, replicas=frozenset({"localhost:2", "far:9"}))
    replica = ServerInfo(role="slave", replication_ids=ids, primary="10.9.9.9:1")
    world.add("one/primary", primary, port=1)
    world.add("two", replica, port=2)
    _, page = world.show("/servers/one%2Fprimary")
    assert "primary of two , far:9" in part(page, "head").replace("two,", "two ,")
    assert '<a href="../servers/two?range=1h">' in page
    _, page = world.show("/servers/two")
    # It knows its primary by an address by which that is not watched here.
    assert "replica of one/primary" in part(page, "head")
    assert "../servers/one%2Fprimary" in page


@pytest.mark.parametrize(
    "instance",
    [
        "shop/cache 1",
        "100%",
        "/var/run/redis.sock",
        "a?b#c&d=e",
        "<script>alert(1)</script>",
        '"quoted" \\ back',
        "line\nbreak",
        "\x1b[31mred",
        "рус 日本",
        "{{ 7 * 7 }}",
        "x" * 900,
    ],
)
def test_a_server_is_found_and_shown_whatever_its_name(instance: str) -> None:
    world = World()
    runner = world.add(instance, PRIMARY)
    world.write(runner, {metric("redis_memory_used_bytes"): [2.0**20] * 240})
    status, page = world.show(f"/servers/{quote(instance, safe='')}")
    assert status == 200
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert "used" in part(page, "chart-memory"), "its series are found"
    assert "49" not in part(page, "head")


def test_an_unknown_name_is_answered_with_those_that_may_have_been_meant() -> None:
    world = World()
    for name in ("cache-1", "cache-2", "sessions"):
        world.add(name)
    status, page = world.show("/servers/cahce-1")
    assert status == 404
    assert "No server is watched as cahce-1" in text_of(page)
    assert '<a href="../servers/cache-1">' in page
    assert "sessions" not in part(page, "alike")
    status, page = world.show("/servers/x%00%0a")
    assert status == 404
    assert "No server is watched as x\\x00\\n" in text_of(page)


def test_while_the_daemon_starts_no_name_is_said_to_be_wrong() -> None:
    status, page = World().show("/servers/cache-1")
    assert status == 503
    assert "is starting" in text_of(page)


def test_what_happened_stands_on_the_charts_and_in_the_table() -> None:
    world, path = lively()
    context = world.context()
    now = world.clock.now()

    async def look(visitor: Visitor) -> None:
        fields = {"parameter": "maxmemory", "before": "1gb", "after": "<2gb>", "by_name": "ann"}
        context.events.record(Event.of(now - 600, "cache-1", EventKind.CONFIG_CHANGE, fields))
        context.events.record(Event.of(now - 300, "cache-1", EventKind.RESTART, {}))
        context.events.record(Event.of(now - 300, "cache-2", EventKind.RESTART, {}))
        for second in range(40):
            spike: Fields = {"event": "command", "duration_seconds": 0.02}
            context.events.record(Event.of(now - 200 + second, "cache-1", EventKind.LATENCY_SPIKE, spike))
        page = await visitor.get(path)
        assert "maxmemory 1gb → &lt;2gb&gt;, by ann" in part(page, "events")
        assert "latency spike: command 40 times" in part(page, "events")
        assert part(page, "events").count("was restarted") == 1
        fields = {"alertname": "A", "state": "firing", "severity": "warning"}
        context.events.record(Event.of(now - 400, "cache-1", EventKind.ALERT, fields))
        context.events.record(Event.of(now - 500, "cache-1", EventKind.FAILOVER, {}))
        page = await visitor.get(path)
        drawn = re.findall(
            r'<figure [^>]*id="chart-([^"]*)"(?:(?!</figure>).)*<svg class="plot', page, re.DOTALL
        )
        assert drawn == ["memory", "commands", "clients"]
        for chart in drawn:
            marks = page.split(f'id="chart-{chart}"')[1].split("</figure>")[0].count('class="mk"')
            assert marks == 4, chart
            titles = re.findall(
                r"<title>([^<]*)</title>", page.split(f'id="chart-{chart}"')[1].split("</figure>")[0]
            )
            assert any("was restarted" in title for title in titles)
            assert any("maxmemory" in title for title in titles)

    visit(context, look)


def test_more_rows_are_a_link_away() -> None:
    world, path = lively()
    context = world.context()
    now = world.clock.now()

    async def look(visitor: Visitor) -> None:
        for number in range(30):
            entry: Fields = {
                "pattern": f"HGETALL <b>{number}</b>",
                "duration_seconds": 0.02,
                "client_name": "web",
            }
            context.events.record(Event.of(now - 60, "cache-1", EventKind.SLOWLOG, entry, number))
        page = await visitor.get(path)
        assert "and 18 more" in part(page, "slow")
        assert "HGETALL &lt;b&gt;" in part(page, "slow")
        page = await visitor.get(f"{path}?open=slow")
        assert part(page, "slow").count("HGETALL") == 30
        assert "fewer" in part(page, "slow")

    visit(context, look)


def test_a_wrong_parameter_is_named() -> None:
    world, path = lively()
    status, page = world.show(f"{path}?range=soon")
    assert status == 400
    assert "The parameter range is a duration" in text_of(page)
    status, page = world.show(f"{path}?open=all")
    assert status == 400
    assert "The parameter open is one of" in text_of(page)


def test_the_page_keeps_its_policy_and_its_size() -> None:
    world, path = lively()
    _, page = world.show(path)
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)
    assert len(page) < 150_000
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_an_alert_about_it_is_its_trouble_and_one_of_no_severity_is_none() -> None:
    world, path = lively()
    context = world.context()
    now = world.clock.now()
    pages: list[str] = []

    async def look(visitor: Visitor) -> None:
        pages.append(await visitor.get(path))

    watchdog = alert("Watchdog", now, instance="cache-1", severity="none")
    visit(context, look, [watchdog, alert("Elsewhere", now, instance="cache-2", severity="critical")])
    assert "Up" in part(pages[0], "head")
    assert 'id="trouble"' not in pages[0]

    context = world.context()
    fires = [alert(f"Fire{number}", now, instance="cache-1", severity="warning") for number in range(3)]
    visit(context, look, [*fires, alert("Worst", now, instance="cache-1", severity="critical")])
    assert "Critical since" in part(pages[1], "head")
    assert "Worst &lt;b&gt;happened&lt;/b&gt;. and 3 more alerts What to do" in part(pages[1], "trouble")
    assert re.search(r'<a class="btn small" href="\.\./alerts/[0-9a-f]{16}">What to do', pages[1])
    assert part(pages[1], "alerts").count("Fire") >= 3
