"""`/health` marks what nobody is told of."""

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast

MORE = """
groups:
  - name: more
    rules:
      - {alert: Loud, expr: redis_up == 0, labels: {severity: warning}}
      - {alert: Quiet, expr: redis_up == 0, labels: {severity: warning}}
"""
ROUTING = """
route: {receiver: ops, group_wait: 0s}
receivers: [{name: ops}]
inhibit_rules:
  - source_matchers: [alertname=RedisDown]
    target_matchers: [alertname=Quiet, cluster=prod]
    equal: [instance]
"""


def test_what_is_inhibited_is_marked(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        config = {"global": {"external_labels": {"cluster": "prod"}}}
        async with FastDaemon(config, server, more_rules=MORE, alertmanager=ROUTING) as daemon:
            await daemon.pass_time("1m")
            server.kill()
            await daemon.pass_time("1m")
            report = (await daemon.get("/health")).json()
            quiet = {one["name"]: one["quiet"] for one in report["findings"]}
            assert quiet["RedisDown"] == quiet["Loud"] == ""
            assert quiet["Quiet"] == "inhibited"

    run_fast(story())
