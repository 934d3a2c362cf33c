"""An alertmanager.yml with a receiver of a kind that the daemon does not send to."""

from exporter.shipped import shipped_rules
from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast

ROUTING = """
route:
  receiver: chat
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1m
  labels: {team: ops}
  routes:
    - matchers: [severity="critical"]
      receiver: pager
      continue: true
      labels: {team: 'platform {{ .GroupLabels.alertname }}', page: '{{ routeLabels "team" }}!'}
    - {matchers: [severity="critical"], receiver: both}
receivers:
  - name: chat
    webhook_configs: [{url: '{hook}/chat'}]
  - name: pager
    pagerduty_configs: [{routing_key: key-of-the-service}]
  - name: both
    telegram_configs: [{bot_token: t, chat_id: -1}]
    slack_configs:
      - api_url: '{hook}/slack'
        title: '{{ .RouteLabels.team }}: {{ .NotificationReason }}'
        send_resolved: true
"""
RULES = [path for path in shipped_rules() if path.stem in ("availability", "daemon")]


def unsent(daemon: FastDaemon) -> dict[tuple[str, str], float]:
    found = daemon.query("redis_vigil_notifications_unsent_total")
    return {(labels.get("receiver"), labels.get("reaches")): value for labels, value in found.items()}


def test_what_goes_there_is_counted_and_others_are_told(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=RULES, alertmanager=ROUTING) as daemon:
            await daemon.pass_time("1m")
            assert unsent(daemon) == {("pager", "nobody"): 0, ("both", "others"): 0}
            assert "pager" in (await daemon.get("/alerts")).text
            server.kill()
            rule = ("VigilNotificationsUnsent", "")
            await daemon.wait_until(lambda: rule in daemon.firing(), within="5m")
            # The second may be this alert itself.
            assert unsent(daemon)["pager", "nobody"] in (1, 2)
            server.start()
            await daemon.pass_time("15m")
            assert unsent(daemon)["pager", "nobody"] >= 2
            titles = [text for one in daemon.told("slack") for text in one.texts if text.startswith("ops: ")]
            assert titles[0] == "ops: first notification"
            assert "ops: all alerts resolved" in titles
            assert all(one.body["routeLabels"] == {"team": "ops"} for one in daemon.told("chat"))
            # Nobody is told of this alert either, and yet it ends.
            await daemon.wait_until(lambda: rule not in daemon.firing(), within="2h")
            await daemon.pass_time("10m")
            assert rule not in daemon.firing()

    run_fast(story())


def test_what_alertmanagers_get_too_is_not_missed(start_server: StartServer) -> None:
    server = start_server()
    config = {"alerting": {"alertmanagers": ["http://127.0.0.1:1"]}}

    async def story() -> None:
        async with FastDaemon(config, server, rules=RULES, alertmanager=ROUTING) as daemon:
            server.kill()
            await daemon.pass_time("3m")
            assert unsent(daemon) == {}
            assert "Receivers that are not sent to" not in (await daemon.get("/alerts")).text

    run_fast(story())
