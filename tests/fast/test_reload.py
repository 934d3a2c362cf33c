"""A reload means what it says: in the answer, in the log, in the status, and in what runs."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter.errors import ShuttingDownError
from exporter.reload import Plan
from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast

NO_RULES = "groups: []\n"


async def post(daemon: FastDaemon, **headers: str) -> httpx.Response:
    """`POST /-/reload`."""
    host, port = daemon.app.web.address
    with daemon.loop.working():
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.post(f"http://{host}:{port}/-/reload", headers=headers)


async def status(daemon: FastDaemon, name: str) -> Any:
    """`/api/v1/status/…`."""
    return (await daemon.get(f"/api/v1/status/{name}")).json()["data"]


def test_what_needs_a_restart_is_named_everywhere_and_the_rest_holds(
    start_server: StartServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server()
    base = {"storage": {"retention": "6h"}, "web": {"listen_address": "127.0.0.1:9121"}}

    async def story() -> None:
        async with FastDaemon(base, server, rules=NO_RULES) as daemon:
            changed = {
                "storage": {"retention": "1h", "memory_limit": "10MB", "path": str(tmp_path)},
                "web": {"listen_address": "127.0.0.1:9999", "external_url": "http://127.0.0.1/vigil"},
            }
            daemon.change(changed)
            answer = await post(daemon)
            needed = ["storage.path", "web.listen_address"]
            assert answer.status_code == 200
            assert answer.text.splitlines() == [
                "The configuration was reloaded.",
                f"Needs a restart, until then the former value holds: {', '.join(needed)}",
            ]
            assert (await post(daemon, accept="application/json")).json() == {
                "status": "success",
                "data": {"restartNeeded": needed},
            }
            assert caplog.records[-1].getMessage() == (
                "the configuration was reloaded, but for what needs a restart"
            )
            runtime = await status(daemon, "runtimeinfo")
            assert (runtime["restartNeeded"], runtime["storageRetention"]) == (needed, "1h")
            assert "time: 1h" in (await status(daemon, "config"))["yaml"]
            assert (await status(daemon, "flags"))["storage.tsdb.retention.time"] == "1h"
            metrics = (await daemon.get("/metrics")).text
            assert "redis_vigil_config_restart_needed 2.0" in metrics
            assert "redis_vigil_store_limit_bytes 1.048576e+07" in metrics
            assert (await daemon.get("/api/v1/alertmanagers")).json()["data"]["activeAlertmanagers"] == [
                {"url": "http://127.0.0.1/vigil/api/v2/alerts"}
            ]

            # As it was: nothing is needed any more.
            daemon.change(base)
            assert (await post(daemon)).text == "The configuration was reloaded.\n"
            assert (await status(daemon, "runtimeinfo"))["restartNeeded"] == []

    run_fast(story())


def test_a_bad_file_changes_nothing_and_json_is_told_so_too(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=NO_RULES) as daemon:
            retention, plan = daemon.app.store.retention_ms, daemon.app.reloader.plan
            daemon.change({"storage": {"retention": "1h", "retentoin": "2h"}})
            answer = await post(daemon, accept="application/json")
            assert answer.status_code == 500
            assert "retentoin" in answer.json()["error"]
            assert (await status(daemon, "runtimeinfo"))["reloadConfigSuccess"] is False
            assert "redis_vigil_config_last_reload_successful 0.0" in (await daemon.get("/metrics")).text
            assert daemon.app.store.retention_ms == retention
            assert daemon.app.reloader.plan is plan

    run_fast(story())


def test_hundreds_of_reloads_at_once_are_two(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=NO_RULES) as daemon:
            loads: list[None] = []
            has_begun = threading.Event()
            load = daemon.app.reloader._load

            def counted() -> Plan:
                loads.append(None)
                has_begun.set()
                return load()

            daemon.app.reloader._load = counted
            await asyncio.gather(*(daemon.app.reload() for _ in range(300)))
            assert len(loads) == 1
            has_begun.clear()
            first = asyncio.create_task(daemon.app.reload())
            await asyncio.to_thread(has_begun.wait, 20)
            # The first has begun to read: these mean what is there now.
            await asyncio.gather(first, *(daemon.app.reload() for _ in range(300)))
            assert len(loads) == 3

    run_fast(story())


def test_who_gives_up_waiting_ends_no_reload(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=NO_RULES) as daemon:
            daemon.change({"storage": {"retention": "1h"}})
            impatient = asyncio.create_task(daemon.app.reload())
            await asyncio.sleep(0)
            impatient.cancel()
            await daemon.app.reload()
            assert daemon.app.store.retention_ms == 3_600_000

    run_fast(story())


def test_a_reload_during_the_shutdown_is_refused(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=NO_RULES) as daemon:
            under_way = asyncio.create_task(daemon.app.reload())
            await asyncio.sleep(0)
            await daemon.app.reloader.stop()
            with pytest.raises(ShuttingDownError):
                await under_way
            with pytest.raises(ShuttingDownError):
                await daemon.app.reload()
            assert (await post(daemon)).status_code == 503

    run_fast(story())
