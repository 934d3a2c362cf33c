"""What people are told over a reload: nothing twice, nothing false, and an end of what is over."""

from datetime import UTC, datetime
from typing import Any

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.fast.mailbox import Message

FIRES = "groups: [{name: one, rules: [{alert: Fires, expr: redis_up == 1}]}]\n"
WAITS = "groups: [{name: one, rules: [{alert: Fires, expr: redis_up == 1, for: 2m}]}]\n"
NEVER = FIRES.replace("redis_up == 1", "redis_up == 5")
ROUTING = """
route: {receiver: ops, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers: [{name: ops}]
"""
TWO_RECEIVERS = """
route:
  {receiver: rest, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h,
   routes: [{receiver: ops, matchers: [alertname=Fires]}]}
receivers: [{name: rest}, {name: ops}]
"""


def told(daemon: FastDaemon) -> list[tuple[str, str]]:
    """(receiver, status) of every message, the oldest first."""
    return [(message.receiver, message.status) for message in daemon.messages]


def sites_of(message: Message) -> list[tuple[str, str]]:
    """(label `site`, status) of the alerts of a message."""
    return sorted((alert["labels"].get("site", ""), alert["status"]) for alert in message.alerts)


def rewrite(daemon: FastDaemon, rules: str) -> None:
    """Other rules, from the next reload on."""
    daemon._rules = rules
    daemon._write()


def rfc3339(seconds: float) -> str:
    """A moment as the API takes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def test_nothing_is_told_twice_whatever_else_changes(start_server: StartServer) -> None:
    server = start_server()
    changes: list[dict[str, Any]] = [
        {},
        {"storage": {"retention": "1h"}},
        {"global": {"sample_interval": "10s", "evaluation_interval": "20s"}},
        {"samplers": {"slowlog": {"interval": "1m"}}},
        {"web": {"external_url": "http://127.0.0.1/other"}},
        {"alerting": {"hold_missing": False}},
    ]

    async def story() -> None:
        async with FastDaemon(server, rules=FIRES, alertmanager=ROUTING) as daemon:
            await daemon.pass_time("3m")
            assert told(daemon) == [("ops", "firing")]
            for change in changes:
                await daemon.reload(change)
                await daemon.pass_time("3m")
            # Neither when the text of the message changes, nor what the route says besides.
            rewrite(daemon, FIRES.replace("== 1", "== 1, annotations: {summary: other}"))
            await daemon.reload(alertmanager=ROUTING.replace("group_interval: 1m", "group_interval: 2m"))
            await daemon.pass_time("5m")
            assert told(daemon) == [("ops", "firing")]

    run_fast(story())


def test_what_waits_goes_on_waiting(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=WAITS, alertmanager=ROUTING) as daemon:
            await daemon.wait_until(daemon.pending, within="1m")
            began = daemon.seconds
            for number in range(5):
                await daemon.pass_time("20s")
                rewrite(daemon, WAITS.replace("for: 2m", f"for: 2m, annotations: {{number: '{number}'}}"))
                await daemon.reload()
            await daemon.wait_until(daemon.firing, within="1m")
            assert daemon.seconds - began < 140

    run_fast(story())


def test_what_was_waited_for_counts_when_for_becomes_another(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=WAITS, alertmanager=ROUTING) as daemon:
            await daemon.wait_until(daemon.pending, within="1m")
            await daemon.pass_time("70s")
            rewrite(daemon, WAITS.replace("2m", "1m"))
            await daemon.reload()
            await daemon.wait_until(daemon.firing, within="20s")

    run_fast(story())


def test_a_rule_that_goes_while_it_fires_is_told_as_over_once(start_server: StartServer) -> None:
    """As with Prometheus, which sends nothing of it any more: it ends when it was to end unless it is sent
    again, four resend delays later."""
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=FIRES, alertmanager=ROUTING) as daemon:
            await daemon.pass_time("3m")
            rewrite(daemon, "groups: []\n")
            await daemon.reload()
            await daemon.pass_time("2m")
            assert told(daemon) == [("ops", "firing")]
            await daemon.pass_time("5m")
            assert told(daemon) == [("ops", "firing"), ("ops", "resolved")]
            await daemon.pass_time("10m")
            assert len(daemon.messages) == 2

    run_fast(story())


def test_a_renamed_rule_is_told_and_the_former_ends(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=FIRES, alertmanager=ROUTING) as daemon:
            await daemon.pass_time("3m")
            rewrite(daemon, FIRES.replace("Fires", "Burns"))
            await daemon.reload()
            await daemon.pass_time("15m")
            assert [(set(message.alertnames), message.status) for message in daemon.messages] == [
                ({"Fires"}, "firing"),
                ({"Burns"}, "firing"),
                ({"Fires"}, "resolved"),
            ]

    run_fast(story())


def test_a_renamed_group_and_file_are_no_news(start_server: StartServer) -> None:
    """Also where the alert had to wait: its time is not lost, so that nothing ends meanwhile."""
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=WAITS, alertmanager=ROUTING) as daemon:
            await daemon.wait_until(daemon.messages.copy, within="5m")
            rewrite(daemon, WAITS.replace("name: one", "name: uno"))
            await daemon.reload()
            await daemon.pass_time("10m")
            other = daemon.config_path.parent / "other.yml"
            other.write_text(WAITS)
            daemon._rules = [other]
            await daemon.reload()
            await daemon.pass_time("10m")
            assert [group.spec.key.file for group in daemon.app.alerting.rules.groups] == [str(other)]
            assert told(daemon) == [("ops", "firing")]

    run_fast(story())


def test_a_renamed_receiver_is_told_what_fires(start_server: StartServer) -> None:
    """As in Alertmanager, whose notification log goes by the receiver's name."""
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=FIRES, alertmanager=ROUTING) as daemon:
            await daemon.pass_time("3m")
            await daemon.reload(alertmanager=ROUTING.replace("ops", "duty"))
            await daemon.pass_time("10m")
            assert told(daemon) == [("ops", "firing"), ("duty", "firing")]
            # Back again: what was told under that name still counts.
            await daemon.reload(alertmanager=ROUTING)
            await daemon.pass_time("10m")
            assert len(daemon.messages) == 2

    run_fast(story())


def test_a_receiver_that_is_gone_hears_no_more_and_the_other_is_told(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=FIRES, alertmanager=TWO_RECEIVERS) as daemon:
            await daemon.pass_time("3m")
            await daemon.reload(alertmanager=ROUTING.replace("ops", "rest"))
            await daemon.pass_time("5m")
            rewrite(daemon, NEVER)
            await daemon.reload()
            await daemon.pass_time("5m")
            assert told(daemon) == [("ops", "firing"), ("rest", "firing"), ("rest", "resolved")]

    run_fast(story())


def test_silences_stay(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=WAITS, alertmanager=ROUTING) as daemon:
            now = daemon.app.core.clock.now()
            silence = {
                "matchers": [{"name": "alertname", "value": "Fires", "isRegex": False, "isEqual": True}],
                "startsAt": rfc3339(now),
                "endsAt": rfc3339(now + 3600),
                "createdBy": "a",
                "comment": "b",
            }
            assert (await daemon.ask("POST", "/api/v2/silences", json=silence)).status_code == 200
            for name in ("ops", "duty", "ops"):
                labels = {"global": {"external_labels": {"site": name}}}
                await daemon.reload(labels, alertmanager=ROUTING.replace("ops", name))
                await daemon.pass_time("5m")
            assert daemon.firing()
            assert daemon.messages == []

    run_fast(story())


def test_alerts_with_former_external_labels_end_at_once(start_server: StartServer) -> None:
    server = start_server()

    def labelled(site: str) -> dict[str, Any]:
        return {"global": {"external_labels": {"site": site}}}

    async def story() -> None:
        async with FastDaemon(labelled("a"), server, rules=FIRES, alertmanager=ROUTING) as daemon:
            await daemon.pass_time("3m")
            for site in ("b", "c"):
                await daemon.reload(labelled(site))
                await daemon.pass_time("20s")
            # Between two evaluations: nobody hears of "d".
            for site in ("d", "e"):
                await daemon.reload(labelled(site))
            await daemon.pass_time("20s")
            now = daemon.app.core.clock.now()
            alerts = daemon.app.alerting.manager.alerts
            known = {alert.labels.get("site"): alert.is_resolved(now) for alert in alerts}
            assert known == {"a": True, "b": True, "c": True, "e": False}
            await daemon.pass_time("10m")
            heard = [pair for message in daemon.messages for pair in sites_of(message)]
            assert heard[0] == ("a", "firing")
            assert ("a", "resolved") in heard
            assert "d" not in dict(heard)
            # What fired all the time is not told as over.
            assert {message.status for message in daemon.messages} == {"firing"}
            assert sites_of(daemon.messages[-1])[-1] == ("e", "firing")

    run_fast(story())


def test_what_ends_when_the_labels_change_is_told_as_over_by_the_former_ones(
    start_server: StartServer,
) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=FIRES, alertmanager=ROUTING) as daemon:
            await daemon.pass_time("3m")
            rewrite(daemon, NEVER)
            await daemon.reload({"global": {"external_labels": {"site": "a"}}})
            await daemon.pass_time("10m")
            assert told(daemon) == [("ops", "firing"), ("ops", "resolved")]
            assert sites_of(daemon.messages[-1]) == [("", "resolved")]

    run_fast(story())
