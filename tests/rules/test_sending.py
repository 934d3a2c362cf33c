"""When alerts are handed on, and in which shape."""

import pytest

from exporter.config.relabeling import RelabelSection
from exporter.discovery.relabeling import Relabeling
from exporter.model.labels import EMPTY, Labels
from exporter.rules.active import ActiveAlert, AlertState
from exporter.rules.sending import needs_sending, query_url
from tests.rules.world import START_MS, World, live, make_group

MINUTE_MS = 60_000


def an_alert(state: AlertState, *, resolved: int = 0, sent: int = 0) -> ActiveAlert:
    return ActiveAlert(EMPTY, (), 1.0, 1, state, resolved_at_ms=resolved, last_sent_at_ms=sent)


@pytest.mark.parametrize(
    ("alert", "at_ms", "is_due"),
    [
        (an_alert(AlertState.PENDING), 10**6, False),
        (an_alert(AlertState.FIRING), 10**6, True),
        (an_alert(AlertState.FIRING, sent=10**6), 10**6 + MINUTE_MS, False),
        (an_alert(AlertState.FIRING, sent=10**6), 10**6 + MINUTE_MS + 1, True),
        (an_alert(AlertState.INACTIVE, resolved=10**6, sent=10**6 - 1), 10**6, True),
        (an_alert(AlertState.INACTIVE, resolved=10**6, sent=10**6), 10**6 + 1, False),
        (an_alert(AlertState.INACTIVE, resolved=10**6, sent=10**6), 10**6 + MINUTE_MS + 1, True),
        # Sent in what is the future since the clock was set back.
        (an_alert(AlertState.FIRING, sent=10**9), 10**6, True),
    ],
)
def test_an_alert_is_due_when_it_was_resolved_or_sent_long_ago(
    alert: ActiveAlert, at_ms: int, is_due: bool
) -> None:
    assert needs_sending(alert, at_ms, MINUTE_MS) is is_due


def test_a_firing_alert_is_valid_for_four_resend_delays_or_intervals() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: vector(1)}")
        (sent,) = await world.evaluate(group)
        assert sent.ends_at == (START_MS + 4 * MINUTE_MS) / 1000
        slow = make_group(world, "- {alert: High, expr: vector(1)}")
        slow.interval_ms = 5 * MINUTE_MS
        (sent,) = await world.evaluate(slow)
        assert sent.ends_at == (START_MS + 20 * MINUTE_MS) / 1000

    live(scenario)


def test_it_is_sent_again_after_more_than_a_minute() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: High, expr: vector(1)}")
        sent_at = []
        for _ in range(13):
            sent_at += [alert.updated_at - START_MS / 1000 for alert in await world.evaluate(group, 15)]
        assert sent_at == pytest.approx([15, 90, 165])

    live(scenario)


def test_external_labels_are_added_where_missing() -> None:
    async def scenario(world: World) -> None:
        world.environment.external_labels = Labels({"cluster": "prod", "env": "external"})
        group = make_group(world, "- {alert: High, expr: vector(1), labels: {env: own}}")
        (sent,) = await world.evaluate(group)
        assert sent.labels.as_dict() == {"alertname": "High", "cluster": "prod", "env": "own"}
        assert world.query("ALERTS") == {'ALERTS{alertname="High", alertstate="firing", env="own"}': 1}

    live(scenario)


def test_alerts_are_relabelled_with_their_external_labels_before_they_are_sent() -> None:
    async def scenario(world: World) -> None:
        world.environment.external_labels = Labels({"cluster": "prod", "replica": "a"})
        drop = RelabelSection(action="drop", source_labels=("alertname",), regex="Quiet")
        world.environment.alert_relabeling = Relabeling(
            [RelabelSection(action="labeldrop", regex="replica"), drop]
        )
        group = make_group(world, "- {alert: High, expr: vector(1)}\n- {alert: Quiet, expr: vector(1)}")
        (sent,) = await world.evaluate(group)
        assert sent.labels.as_dict() == {"alertname": "High", "cluster": "prod"}

    live(scenario)


def test_the_generator_url_leads_to_the_page_of_the_alert_as_it_is_sent() -> None:
    async def scenario(world: World) -> None:
        world.environment.external_url = "https://vigil.example/path"
        world.environment.external_labels = Labels({"cluster": "prod"})
        group = make_group(world, "- {alert: High, expr: vector(1)}")
        (sent,) = await world.evaluate(group)
        page = f"https://vigil.example/path/alerts/{sent.labels.fingerprint():016x}"
        assert sent.generator_url == f"{page}?at={sent.starts_at:.0f}"
        # The same for as long as it fires.
        again = [alert for _ in range(10) for alert in await world.evaluate(group, 15)]
        assert {alert.generator_url for alert in again} == {sent.generator_url}

    live(scenario)


def test_the_address_of_an_expression() -> None:
    assert query_url("http://h:1/p", 'a{b="c"} > 1') == (
        "http://h:1/p/graph?g0.expr=a%7Bb%3D%22c%22%7D+%3E+1&g0.tab=1"
    )


def test_the_alerts_of_a_cycle_come_together() -> None:
    async def scenario(world: World) -> None:
        group = make_group(world, "- {alert: One, expr: vector(1)}\n- {alert: Two, expr: vector(1)}")
        world.sample()
        await group.evaluate(world.at_ms)
        assert [[alert.name for alert in batch] for batch in world.sink.batches] == [["One", "Two"]]

    live(scenario)


def test_an_annotation_that_comes_out_empty_is_sent_and_a_label_is_not() -> None:
    async def scenario(world: World) -> None:
        empty = '"{{ if false }}x{{ end }}"'
        rule = (
            f"- {{alert: High, expr: vector(1), labels: {{a: {empty}}}, annotations: {{runbook: {empty}}}}}"
        )
        (sent,) = await world.evaluate(make_group(world, rule))
        assert sent.annotations.as_dict() == {"runbook": ""}
        assert sent.labels.as_dict() == {"alertname": "High"}

    live(scenario)
