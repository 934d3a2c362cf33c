"""The page `/`."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace

from exporter.clock import SystemClock
from exporter.config.main import default_config
from exporter.errors import Reason, ReplyError
from exporter.events import Event, EventKind
from exporter.model.alert import Alert
from exporter.web.pages.context import PageContext
from tests.web.directory import Current, Watched
from tests.web.pages.overview.fleet import Fleet
from tests.web.pages.page_context import page_context
from tests.web.pages.visitor import Visitor, alert, visit

HOSTILE = (
    "<script>alert(1)</script>",
    'x" onmouseover="alert(1)',
    "bell\x07 and colour \x1b[31mred",
    "from right to left \u202egnp.exe",
    "{{ 7 * 7 }}",
    "n" * 10_000,
)


def show(
    fleet: Fleet, path: str = "/", alerts: Sequence[Alert] = (), context: PageContext | None = None
) -> str:
    """The page, while these alerts fire."""
    pages: list[str] = []

    async def story(visitor: Visitor) -> None:
        pages.append(await visitor.get(path))
        assert visitor.page.status_code == 200, pages

    visit(context or page_context(fleet.store, Watched(fleet.runners)), story, alerts)
    return pages[0]


def status(path: str) -> int:
    """How a page of no servers answers."""
    found: list[int] = []

    async def story(visitor: Visitor) -> None:
        await visitor.get(path)
        found.append(visitor.page.status_code)

    visit(page_context(), story)
    return found[0]


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert found is not None
    return html.unescape(found[1])


def names(page: str) -> list[str]:
    """The servers of the table, in order; groups that are one row have theirs in brackets."""
    found = re.findall(
        r'<a class="plain" href="(.)[^"]*"><b[^>]*>(?:<span[^>]*>)?(.*?)(?:</span>)?</b></a>', page
    )
    return [f"[{name}]" if start == "?" else name for start, name in found]


def cells(page: str, server: str) -> list[str]:
    """The texts of the row of a server."""
    row = next(row for row in re.split("</?tr", page) if f">{server}</b>" in row)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row.split("<td")[1:]]


def test_servers_that_are_still_looked_for() -> None:
    page = show(Fleet())
    assert heading(page) == "No server has been found yet"
    assert "discovery" in page


def test_no_server() -> None:
    nobody = Current(default_config(()).model_copy(update={"targets": ()}))
    page = show(Fleet(), context=replace(page_context(), in_force=nobody))
    assert heading(page) == "No server is watched yet"
    assert "targets" in page
    assert "redis-vigil run --redis" in page


def test_all_is_well() -> None:
    fleet = Fleet()
    for number in range(3):
        fleet.add(f"server-{number}")
    page = show(fleet)
    assert heading(page) == "All 3 servers are well"
    assert 'class="ic critical"' not in page
    assert 'class="ic warning"' not in page


def test_figures_of_a_lively_server() -> None:
    fleet = Fleet()
    runner = fleet.add("busy", maxmemory=2.0 * 2**30)
    fleet.record(runner)
    row = [text.rpartition(">")[2].strip() for text in cells(show(fleet), "busy")]
    assert row[1:3] == ["primary", "Redis 7.0.15"]
    assert row[3:5] == ["1.50 GiB", "75.0 %"]
    assert 900 < float(row[5].replace(",", "")) < 1100
    assert row[6] == "90.0 %"
    assert 0 < float(row[7]) <= 1
    assert 40 <= float(row[8]) < 60
    assert row[9] == "–"


def test_a_server_that_is_down_says_why_and_since_when() -> None:
    fleet = Fleet()
    fleet.add("well")
    fleet.down(fleet.add("gone"))
    page = show(fleet)
    assert heading(page) == "1 of 2 servers needs you"
    assert "gone does not answer: connection refused" in page
    assert "last seen" in page
    assert "<b>connection" not in page
    assert names(page) == ["gone", "well"]


def test_a_server_that_refuses_to_tell_says_what_would_grant_it() -> None:
    fleet = Fleet()
    runner = fleet.add("closed")
    runner.unavailable.note("info", "INFO", ReplyError(Reason.PERMISSION, "NOPERM no permission"))
    fleet.down(runner, Reason.PERMISSION)
    page = show(fleet)
    assert "ACL SETUSER vigil +info" in page
    assert "does not tell how it is" in page


def test_alerts_stand_under_what_inhibits_them() -> None:
    fleet = Fleet()
    fleet.add("a")
    config = """
route: {receiver: nobody}
receivers: [{name: nobody}]
inhibit_rules:
  - {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [instance]}
"""
    now = SystemClock().now()
    alerts = [
        alert("Cause", now, instance="a", severity="critical"),
        alert("Effect", now, instance="a", severity="warning"),
        alert("Note", now, severity="info"),
        alert("Alive", now, severity="none"),
    ]
    page = show(fleet, "/", alerts, page_context(fleet.store, Watched(fleet.runners), alertmanager=config))
    assert heading(page) == "1 of 1 server needs you"
    assert page.count('<li id="finding-') == 1
    assert "It explains 1 more" in page
    assert "Effect</span> on" in page
    assert "Note &lt;b&gt;happened" in page
    assert "Alive" not in page


def test_an_alert_without_a_server() -> None:
    fleet = Fleet()
    fleet.add("a")
    page = show(fleet, "/", [alert("Fire", SystemClock().now(), severity="warning")])
    assert heading(page) == "1 alert needs you"


def test_the_filter() -> None:
    fleet = Fleet()
    for number in range(3):
        fleet.add(
            f"cache-{number}", labels={"env": "prod" if number else "lab"}, used_memory=float(number << 30)
        )
        fleet.record(fleet._runners[-1], rows=4)
    fleet.down(fleet.add("gone"))
    for text, expected in (
        ("cache", ["cache-0", "cache-1", "cache-2"]),
        ("env=prod", ["cache-1", "cache-2"]),
        ("env!=prod cache", ["cache-0"]),
        ("memory>1500M", ["cache-2"]),
        ("is:down", ["gone"]),
        ("role:primary memory<=1GiB cache", ["cache-1"]),
        ("latency>1h", []),
    ):
        assert (
            names(show(fleet, f"/?filter={html.escape(text).replace('&gt;', '%3E').replace('&lt;', '%3C')}"))
            == expected
        ), text


def test_a_filter_that_cannot_be_meant_says_so_and_stays() -> None:
    fleet = Fleet()
    fleet.add("a")
    page = show(fleet, "/?filter=memory%3Elots")
    assert "memory is compared with a figure such as 80% or 4GiB." in page
    assert 'value="memory&gt;lots"' in page
    assert "heat is no figure" in show(fleet, "/?filter=heat%3E4")
    assert names(page) == ["a"]


def test_only_problems() -> None:
    fleet = Fleet()
    fleet.add("well")
    fleet.down(fleet.add("gone"))
    assert names(show(fleet, "/?problems=1")) == ["gone"]


def test_sorted_by_any_column() -> None:
    fleet = Fleet()
    for number in (2, 10, 1):
        runner = fleet.add(f"s-{number}", used_memory=float(number))
        fleet.record(runner, rows=2)
    assert names(show(fleet, "/?sort=server")) == ["s-1", "s-2", "s-10"]
    assert names(show(fleet, "/?sort=-memory")) == ["s-10", "s-2", "s-1"]
    assert 'aria-sort="descending"' in show(fleet, "/?sort=-memory")
    for column in ("role", "version", "share", "commands", "hit_rate", "latency", "clients", "lag"):
        assert len(names(show(fleet, f"/?sort=-{column}"))) == 3


def test_wrong_parameters() -> None:
    assert status("/?sort=heat") == 400
    assert status("/?skip=-1") == 400


def test_many_servers_are_few_rows() -> None:
    fleet = Fleet()
    for number in range(40):
        primary = fleet.add(f"shard-{number}")
        for copy in range(2):
            fleet.replica(f"shard-{number}-{copy}", primary)
    fleet.down(fleet._runners[4])
    page = show(fleet)
    assert names(page)[:4] == ["shard-1", "shard-1-0", "shard-1-1", "[shard-0]"]
    assert len(names(page)) == 3 + 39
    assert "[shard-7]" in names(page)
    opened = names(show(fleet, "/?open=shard-7"))
    assert opened[opened.index("shard-7") :][:3] == ["shard-7", "shard-7-0", "shard-7-1"]


def test_more_servers_than_anybody_reads() -> None:
    fleet = Fleet()
    for number in range(350):
        fleet.add(f"s-{number:03}")
    first = show(fleet, "/?group=nothing")
    assert (len(names(first)), "and 275 more" in first) == (75, True)
    last = show(fleet, "/?group=nothing&skip=300")
    assert (len(names(last)), "more</a></footer>" in last) == (50, False)


def test_pages_of_many_servers_are_small() -> None:
    fleet = Fleet()
    for number in range(240):
        runner = fleet.add(f"redis-{number:03}.example.org:6379", maxmemory=2.0 * 2**30)
        if number < 100:
            fleet.record(runner, rows=60, step_ms=60_000, seed=number)
    for path in ("/", "/?group=nothing", "/?sort=-memory"):
        assert len(show(fleet, path)) < 150_000


def test_the_same_alert_of_many_servers_is_one_finding() -> None:
    fleet = Fleet()
    now = SystemClock().now()
    alerts = []
    for number in range(12):
        fleet.add(f"s-{number}")
        alerts.append(alert("Fire", now, instance=f"s-{number}", severity="warning"))
    page = show(fleet, "/", [*alerts, alert("Other", now, instance="s-1", severity="critical")])
    assert page.count('<li id="finding-') == 2
    assert "The same on 11 more" in page
    assert heading(page) == "12 of 12 servers need you"


def test_what_happened_is_told_newest_first() -> None:
    fleet = Fleet()
    fleet.add("a")
    context = page_context(fleet.store, Watched(fleet.runners))
    pages = []

    async def story(visitor: Visitor) -> None:
        for kind, fields in (
            (EventKind.DOWN, {"reason": "connection_refused", "message": "no"}),
            (EventKind.UP, {"down_seconds": 5.0}),
        ):
            context.events.record(Event.of(fleet.now, "a", kind, fields))
        pages.append(await visitor.get("/"))

    visit(context, story)
    assert re.search(r"answers again.*stopped answering: connection refused", pages[0], re.DOTALL)
    assert "Nothing in the last 24 hours" not in pages[0]


def test_nothing_has_happened() -> None:
    fleet = Fleet()
    fleet.add("a")
    page = show(fleet)
    assert "Nothing in the last 24 hours" in page
    assert "No alerting rule is loaded" in page


def test_hostile_names() -> None:
    fleet = Fleet()
    now = SystemClock().now()
    alerts = []
    for name in HOSTILE:
        primary = fleet.add(name, labels={"env": name, "cluster": name}, cluster_enabled=True)
        fleet.replica(f"copy of {name}", primary)
        fleet.down(fleet.add(f"down {name}"))
        alerts.append(alert(name[:900], now, instance=name, severity="critical", env=name[:900]))
    for path in ("/", "/?group=env", "/?group=nothing&sort=-server", "/?filter=%3Cscript%3E%1b"):
        page = show(fleet, path, alerts)
        assert "<script>alert" not in page
        assert (
            'onmouseover="alert' not in page.replace("&#34;", "").replace("&quot;", "")
            or 'x" onmouse' not in page
        )
        assert "\x1b" not in page
        assert "\x07" not in page
        assert "\u202e" not in page
        assert "49" not in re.findall(r"<b>([^<]*)</b>", page)
        assert len(page) < 150_000
