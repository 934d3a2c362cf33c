"""The whole daemon with another one beside it: the first page, `/health` and the alert."""

import json
from typing import Any

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.fast.mailbox import PEER
from tests.peer_daemon import report

CONFIG = {"peers": [{"url": "{hook}/peer", "name": "europe"}]}


def test_both_are_shown_and_told_of(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(CONFIG, server) as daemon:
            hostile = {**report()["findings"][0], "summary": "<script>alert(1)</script>"}
            daemon.mailbox.bodies[PEER] = json.dumps(report(findings=[hostile])).encode()
            await daemon.pass_time("1m")
            page = (await daemon.get("/")).text
            assert "1 of 3 servers needs you" in page
            assert "<script>alert(1)" not in page
            assert 'href="https://vigil-b.example.com/servers/orders%3A6379"' in page
            answer = await daemon.get("/health")
            whole: dict[str, Any] = answer.json()
            assert (answer.status_code, whole["health"]) == (503, "unhealthy")
            assert [(one["daemon"], one["instance"]) for one in whole["findings"]] == [
                ("europe", "orders:6379")
            ]
            assert whole["peers"]["europe"]["servers_with_problems"] == {"orders:6379": "connection refused"}
            assert whole["up"] == [server.instance]
            # What its own peers are told: of its own servers only.
            answer = await daemon.get("/health?peers=0")
            own: dict[str, Any] = answer.json()
            assert (answer.status_code, own["health"], own["findings"]) == (200, "healthy", [])
            assert "peers" not in own
            assert own["daemon"]["id"] == whole["daemon"]["id"] != ""

    run_fast(story())


def test_one_that_is_down_costs_itself_only(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(CONFIG, server) as daemon:
            await daemon.pass_time("1m")
            assert "Both servers are well" in (await daemon.get("/")).text
            daemon.mailbox.answers[PEER] = 500
            await daemon.pass_time("1m")
            page = (await daemon.get("/")).text
            assert "1 daemon does not answer" in page
            assert "it answers with status 500" in page
            answer = await daemon.get("/health")
            assert (answer.status_code, answer.json()["health"]) == (200, "degraded")
            await daemon.wait_until(lambda: daemon.told(), within="7m")
            assert daemon.told()[0].alertnames == {"VigilPeerDown"}

    run_fast(story())
