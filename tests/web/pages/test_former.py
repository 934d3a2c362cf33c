"""What the pages show of alerts and silences."""

import asyncio
from collections.abc import Sequence

import httpx
from starlette.applications import Starlette

from exporter.alerting.silences import Silence
from exporter.clock import SystemClock
from exporter.config.alertmanager.matchers import parse_matchers
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.web.pages.routes import routes
from tests.web.pages.page_context import alert_manager, page_context

CONFIG = """
route: {receiver: nobody, routes: [{matchers: [team=night], mute_time_intervals: [always]}]}
receivers: [{name: nobody}]
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [zone]}]
time_intervals: [{name: always, time_intervals: [{years: ['2000:3000']}]}]
"""


def alert(name: str, **labels: str) -> Alert:
    annotations = Labels({"summary": f"{name} <b>happened</b>"})
    now = SystemClock().now()
    return Alert(Labels({"alertname": name, **labels}), annotations, now - 90, now + 600)


def show(
    alerts: Sequence[Alert] = (), silences: Sequence[Silence] = (), path: str = "/alerts"
) -> tuple[str, list[Silence]]:
    """The page with these alerts posted and these silences, and the silences as they were taken."""
    clock = SystemClock()

    async def main() -> tuple[str, list[Silence]]:
        manager = alert_manager(clock, CONFIG)
        await manager.start()
        await manager.receive(alerts)
        taken = [await manager.put_silence(one) for one in silences]

        context = page_context(manager=manager, clock=clock)
        transport = httpx.ASGITransport(app=Starlette(routes=list(routes(context))))
        async with httpx.AsyncClient(transport=transport, base_url="http://vigil") as client:
            response = await client.get(path)
        await manager.stop(0)
        assert response.status_code == 200
        return response.text, taken

    return asyncio.run(main())


def silence(matchers: str, begins_in: float = 0, seconds: float = 3600) -> Silence:
    start = SystemClock().now() + begins_in
    return Silence("", tuple(parse_matchers(matchers)), start, start + seconds, "ann", "moving <the> house")


def row(page: str, name: str) -> str:
    """The row of an alert, as one line."""
    rows = [" ".join(one.split()) for one in page.split("<tr>") if f"<td>{name}</td>" in one]
    assert len(rows) == 1
    return rows[0]


def test_posted_alerts_stand_among_the_others() -> None:
    page, _ = show([alert("Fire", instance="kitchen", severity="critical")])
    shown = row(page, "Fire")
    assert "posted" in shown
    assert "kitchen" in shown
    assert "Fire &lt;b&gt;happened&lt;/b&gt;" in shown
    assert "1m 3" in shown


def test_an_alert_says_why_nobody_is_told() -> None:
    page, _ = show(
        [
            alert("Source", severity="critical", zone="1"),
            alert("Target", severity="warning", zone="1"),
            alert("Quiet", severity="warning", zone="2"),
            alert("Night", team="night"),
        ],
        [silence("alertname=~Quiet|Other")],
    )
    assert "inhibited" in row(page, "Target")
    assert "silenced" in row(page, "Quiet")
    assert "muted" in row(page, "Night")
    assert not {"inhibited", "silenced", "muted"} & set(row(page, "Source").split())


def test_silences_that_have_not_ended() -> None:
    page, (active, pending) = show(silences=[silence("a=b,c!~d"), silence("x=y", 600)])
    assert active.id in page
    assert "{a=&#34;b&#34;,c!~&#34;d&#34;}" in page
    assert "moving &lt;the&gt; house" in page
    assert "59m 5" in page
    assert page.index(active.id) < page.index(pending.id)
    assert "Nothing is silenced" not in page


def test_a_dead_mans_switch_is_no_problem() -> None:
    alerts = [alert("Alive", severity="none"), alert("Fire", severity="warning")]
    page, _ = show(alerts)
    assert page.index("Fire") < page.index("Alive")


def test_nothing() -> None:
    page, _ = show()
    assert "Nothing is pending or firing" in page
    assert "Nothing is silenced" in page


def test_links_in_messages_lead_to_the_alert() -> None:
    one = alert("Fire", instance="kitchen", severity="critical")
    page, _ = show([one])
    assert f'<tr id="{one.fingerprint}">' in page
