"""Names of others on every page: whatever is in them stays text, and is short with the whole behind it.

Every template is rendered with keys, clients, labels, servers, annotations, silences, receivers and rules
that have been given names by somebody who means ill.
"""

import asyncio
import json
import re
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import quote, urlencode

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exporter.alerting.silences import Silence
from exporter.events import Event, EventKind
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.rules.group import RuleGroup
from exporter.sampling.server_info import ServerInfo
from exporter.web.pages.context import PageContext
from exporter.web.pages.rendering import Renderer
from exporter.web.pages.templating import templates
from tests.rules.world import World as RuleWorld
from tests.rules.world import read
from tests.web.directory import LastReload
from tests.web.pages.page_context import page_context
from tests.web.pages.server.watched import World, metric
from tests.web.pages.visitor import Visitor, visit

PIECES: Final = (
    "<hax onhax=1>",
    "</script><hax>",
    "</textarea></title></style><hax>",
    '" onhax="1',
    "' onhax='1",
    "javascript:hax",
    "{{ 7 * 191 }}{% hax %}",
    "&lt;hax&gt;&#60;hax&#62;",
    "\u202egnp.exe",
    "\u2066\u200b",
    "\x1b[31m\x07\x7f",
    "\r\n\t",
    "\N{PILE OF POO}",
    "../../",
    "%3Chax%3E",
    "\\",
    "x" * 3_000,
)
NAMES: Final = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(
    lambda pieces: "hax" + "".join(pieces)
)
CONFIG: Final = """
route: {{receiver: nobody, routes: [{{receiver: {0}, group_by: [alertname]}}]}}
receivers: [{{name: {0}, slack_configs: [{{api_url: "http://localhost:1"}}]}}, {{name: nobody}}]
"""
RULES: Final = """
groups:
- name: {0}
  rules:
  - {{alert: {0}, expr: "redis_connected_clients > 1", annotations: {{summary: {1}}}}}
"""
_LONGEST_WORD: Final = 2_001
_ALLOWED: Final = "\n\N{NO-BREAK SPACE}\N{THIN SPACE}"
_KINDS: Final = (
    EventKind.SLOWLOG,
    EventKind.ACL_DENIAL,
    EventKind.CONFIG_CHANGE,
    EventKind.CLIENT_CHANGE,
    EventKind.FAILOVER,
    EventKind.ROLE_CHANGE,
    EventKind.TOPOLOGY_CHANGE,
    EventKind.ACL_CHANGE,
    EventKind.LATENCY_SPIKE,
    EventKind.DOWN,
    EventKind.ACTION,
    EventKind.RELOAD,
)
_FIELDS: Final = (
    *("pattern", "command", "client", "client_name", "username", "reason", "object", "parameter", "before"),
    *("after", "by_name", "by", "user", "event", "what", "message", "error", "told_by", "primary", "context"),
)


class Reader(HTMLParser):
    """What a browser makes of a page: its elements, attributes and texts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        given = dict(attrs)
        if tag == "hax" or (tag == "script" and not given.get("src")) or tag in ("style", "iframe", "object"):
            self.faults.append(f"element {tag}")
        for name, value in attrs:
            if name.startswith("on") or name == "style" or "hax" in name:
                self.faults.append(f"attribute {name} of {tag}")
            text = (value or "").strip().lower()
            if name in ("href", "src", "action") and re.match(r"\w+:", text):
                self.faults.append(f"{name} leads to {text[:40]}")

    def handle_data(self, data: str) -> None:
        where = self._open[-1] if self._open else ""
        if re.search(rf"x{{{_LONGEST_WORD}}}", data) and where != "textarea":
            self.faults.append(f"an endless text in {where}: {data[:60]!r}")
        hidden = [one for one in data if not one.isprintable() and one not in _ALLOWED]
        if hidden and where != "textarea":
            self.faults.append(f"hidden characters in {where}: {hidden[:5]!r} of {data[:60]!r}")
        if "1337" in data:
            self.faults.append(f"a template in a name was rendered: {data[:60]!r}")


def faults_of(page: str) -> list[str]:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader.faults


def hostile_world(name: str) -> tuple[PageContext, Alert]:
    """Everything that the pages show is called this."""
    world = World()
    server = ServerInfo(engine=name, version=(7, 0), role="master", run_id=name, started_at=1.0)
    runner = world.add(name, server)
    runner.status.up = False
    runner.status.samplers["info"].message = name
    world.write(
        runner,
        {
            metric("redis_memory_used_bytes"): [1.0] * 20,
            metric("redis_connected_clients"): [3.0] * 20,
            metric("redis_commands_total", cmd=name): [float(one) for one in range(20)],
            metric("redis_clients_by_name", name=name): [1.0] * 20,
        },
    )
    text = json.dumps(name, ensure_ascii=False).replace("\x7f", "\\x7f")
    groups = read(RULES.format(text, json.dumps("hax <hax onhax=1>"))).groups
    world.rules.groups = [RuleGroup(spec, RuleWorld().environment) for spec in groups]
    reloads = LastReload(succeeded=False, restart_needed=[name], warnings=[name])
    context = page_context(
        world.store,
        world.context().targets,
        world.rules,
        clock=world.clock,
        alertmanager=CONFIG.format(text),
        reloads=reloads,
    )
    now = world.clock.now()
    labels = Labels({"alertname": name, "instance": name, "severity": name, "team": name})
    told = Labels(dict.fromkeys(("summary", "description", "recommendation", "runbook_url"), name))
    return context, Alert(labels, told, now - 90, now + 86_400, generator_url=name)


def keep_events(context: PageContext, name: str, fingerprint: str) -> None:
    """Events of all kinds, about the server and about the daemon."""
    at = context.clock.now() - 60
    fields: dict[str, Any] = dict.fromkeys(_FIELDS, name)
    for kind in _KINDS:
        context.events.record(Event.of(at, name, kind, {**fields, "duration_seconds": 1.0}))
        context.events.record(Event.of(at, "", kind, fields))
    turn = {
        "alertname": name,
        "state": "firing",
        "severity": name,
        "summary": name,
        "fingerprint": fingerprint,
    }
    context.events.record(Event.of(at, name, EventKind.ALERT, turn))
    for outcome in ("sent", "failed", "suppressed"):
        sent = {
            "receiver": name,
            "integration": name,
            "outcome": outcome,
            "alertnames": [name],
            "error": name,
        }
        context.events.record(Event.of(at, "", EventKind.NOTIFICATION, {**sent, "fingerprint": fingerprint}))


def addresses(name: str, fingerprint: str, silence_id: str) -> list[str]:
    """Every page, also with the name in the address."""
    segment = quote(name, safe="")
    expression = urlencode(
        {"g0.expr": f'redis_connected_clients{{a!="{name}"}}', "g0.tab": "0", "g1.expr": name}
    )
    return [
        "/",
        f"/?{urlencode({'filter': name})}",
        f"/?{urlencode({'group': name, 'sort': 'name'})}",
        f"/servers/{segment}",
        f"/servers/{segment}?open=events",
        f"/servers/{segment}{segment}"[:6_000],
        "/alerts",
        f"/alerts?{urlencode({'filter': name, 'receiver': name})}",
        f"/alerts/{fingerprint}",
        f"/alerts/{segment}",
        "/silences",
        f"/silences?{urlencode({'filter': name})}",
        f"/silences/new?{urlencode({'filter': name, 'comment': name, 'duration': name})}",
        f"/silences/{silence_id}",
        f"/silences/{silence_id}/edit",
        f"/silences/{segment}",
        "/notifications",
        f"/notifications?{urlencode({'receiver': name, 'alert': name})}",
        "/rules",
        f"/rules?{urlencode({'filter': name})}",
        "/status",
        f"/graph?{expression}&g0.range_input=10m",
        "/graph?g0.expr=redis_commands_total&g0.tab=0&g0.range_input=10m",
        "/graph?g0.expr=redis_commands_total&g0.tab=1",
        f"/search?{urlencode({'q': name[:200]})}",
        "/search?q=hax",
        f"/elsewhere/{segment}",
    ]


# A failure is told as it is: to look for a shorter name takes minutes.
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(NAMES)
def test_whatever_a_name_holds_it_stays_text_on_every_page(name: str) -> None:
    context, posted = hostile_world(name)
    rendered: set[str] = set()
    page_of = Renderer.page

    async def noting(self: Renderer, request: Any, template: str, **content: Any) -> Any:
        rendered.add(template)
        return await page_of(self, request, template, **content)

    async def story(visitor: Visitor) -> None:
        keep_events(context, name, posted.fingerprint)
        now = context.clock.now()
        matchers = (Matcher("alertname", MatchOp.EQUAL, name), Matcher("team", MatchOp.NOT_EQUAL, "y"))
        made = await context.alerting.put_silence(Silence("", matchers, now, now + 3_600, name, name))
        visitor.client.headers["accept"] = "text/html"
        for address in addresses(name, posted.fingerprint, made.id):
            page = await visitor.get(address)
            assert visitor.page.status_code < 500, (address[:80], page[-400:])
            assert faults_of(page) == [], address[:80]
        await asyncio.sleep(0)

    Renderer.page = noting  # type: ignore[method-assign]
    try:
        visit(context, story, [posted])
    finally:
        Renderer.page = page_of  # type: ignore[method-assign]
    # Those are parts of the others.
    assert {
        one for one in templates().list_templates() if not one.endswith(("parts.html", "base.html"))
    } == rendered


def test_the_whole_name_is_behind_the_short_one() -> None:
    name = "hax" + "y" * 300 + "<end>"
    context, posted = hostile_world(name)

    async def story(visitor: Visitor) -> None:
        for address in (
            "/",
            "/alerts",
            f"/alerts/{posted.fingerprint}",
            f"/servers/{quote(name, safe='')}",
            "/search?q=hax",
        ):
            page = await visitor.get(address)
            assert "y…" in page, address
            assert f'title="{name[:-5]}&lt;end&gt;"' in page, address

    visit(context, story, [posted])
