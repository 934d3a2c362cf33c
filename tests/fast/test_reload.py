"""A reload means what it says: in the answer, in the log, in the status, and in what runs."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporter import reloader as reloader_module
from exporter.app import App
from exporter.errors import ShuttingDownError, VigilError
from exporter.model import regular_file
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
    web = {"listen_address": "127.0.0.1:9121", "external_url": "http://127.0.0.1/before"}
    base = {"storage": {"retention": "6h"}, "web": web}

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
                "data": {"restartNeeded": needed, "warnings": []},
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


DOUBTFUL = """groups:
- name: g
  rules:
  - {alert: A, expr: 'redis_conected_clients > 1'}
  - {alert: B, expr: 'redis_up{instance="redis-9"} == 0'}
"""


def test_what_cannot_be_meant_is_said_everywhere(
    start_server: StartServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server()
    alertmanager = "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: '{hook}/a'}]}]\n"
    web = {"listen_address": "127.0.0.1:9121"}

    async def story() -> None:
        async with FastDaemon({"web": web, "rule_files": []}, server, alertmanager=alertmanager) as daemon:
            # At the start too.
            (links,) = (await status(daemon, "runtimeinfo"))["configWarnings"]
            assert links.startswith(f"{daemon.config_path}: web.external_url is not set")
            assert [one.getMessage() for one in caplog.records if one.levelname == "WARNING"] == [links]

            caplog.clear()
            rules = tmp_path / "doubtful.yml"
            rules.write_text(DOUBTFUL)
            daemon.change({"rule_files": [str(rules), f"{tmp_path}/none-*.yml"], "web": web})
            daemon_thread = threading.current_thread()
            seen: list[threading.Thread] = []
            load = daemon.app.reloader._load

            def loaded() -> Plan:
                seen.append(threading.current_thread())
                return load()

            daemon.app.reloader._load = loaded
            answer = await post(daemon)
            assert seen
            assert daemon_thread not in seen
            warnings = [
                f'{daemon.config_path}: rule_files: no file matches "{tmp_path}/none-*.yml"',
                links,
                f'{rules}:4:22: A: nothing produces the metric "redis_conected_clients"',
            ]
            assert answer.status_code == 200
            first, *others = answer.text.splitlines()
            assert first == "The configuration was reloaded."
            assert others[:3] == [f"warning: {warning}" for warning in warnings]
            assert len(others) == 4
            assert 'instance="redis-9"' in others[3]
            warned = [one.removeprefix("warning: ") for one in others]
            assert [one.getMessage() for one in caplog.records if one.levelname == "WARNING"] == warned
            assert (await status(daemon, "runtimeinfo"))["configWarnings"] == warned
            json_answer = (await post(daemon, accept="application/json")).json()
            assert json_answer["data"]["warnings"] == warned

            # What is refused changes nothing of that.
            daemon.change({"rule_files": "none"})
            assert (await post(daemon)).status_code == 500
            assert (await status(daemon, "runtimeinfo"))["configWarnings"] == warned

    run_fast(story())


def test_a_thousand_doubts_do_not_fill_the_log(
    start_server: StartServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server()
    rules = "".join(f"  - {{record: 'a:b{n}', expr: redis_nothing_{n}}}\n" for n in range(200))

    async def story() -> None:
        async with FastDaemon(server, rules=f"groups:\n- name: g\n  rules:\n{rules}") as daemon:
            warned = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
            assert len(warned) == 51
            assert warned[-1] == "more warnings are in /api/v1/status/runtimeinfo"
            assert len((await post(daemon)).text.splitlines()) == 201

    run_fast(story())


def test_a_bad_file_changes_nothing_and_json_is_told_so_too(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server, rules=NO_RULES) as daemon:
            retention, plan = daemon.app.core.store.retention_ms, daemon.app.reloader.plan
            daemon.change({"storage": {"retention": "1h", "retentoin": "2h"}})
            answer = await post(daemon, accept="application/json")
            assert answer.status_code == 500
            assert "retentoin" in answer.json()["error"]
            assert (await status(daemon, "runtimeinfo"))["reloadConfigSuccess"] is False
            assert "redis_vigil_config_last_reload_successful 0.0" in (await daemon.get("/metrics")).text
            assert daemon.app.core.store.retention_ms == retention
            assert daemon.app.reloader.plan is plan

    run_fast(story())


@pytest.mark.parametrize("name", ["config.yml", "alertmanager.yml", "rules.yml"])
def test_a_pipe_in_the_place_of_a_file_holds_up_no_reload(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(regular_file, "_PATIENCE_SECONDS", 0.1)

    async def story() -> None:
        async with FastDaemon(start_server(), rules=NO_RULES) as daemon:
            path = daemon.config_path.with_name(name)
            text = path.read_text()
            path.unlink()
            os.mkfifo(path)
            answer = await post(daemon)
            assert answer.status_code == 500
            assert str(path) in answer.text
            assert "pipe" in answer.text
            path.unlink()
            path.write_text(text)
            assert (await post(daemon)).status_code == 200

    run_fast(story())


def test_files_that_take_for_ever_to_read_hold_up_one_reload_at_most(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reloader_module, "_READ_SECONDS", 0.1)
    hangs, goes_on = threading.Event(), threading.Event()

    async def story() -> None:
        async with FastDaemon(start_server(), rules=NO_RULES) as daemon:
            load = daemon.app.reloader._load

            def hang() -> Plan:
                hangs.set()
                goes_on.wait(30)
                return load()

            monkeypatch.setattr(daemon.app.reloader, "_load", hang)
            for message in ("could not be read within", "are still being read"):
                asked = asyncio.create_task(daemon.app.reload())
                await daemon.wait_really_until(asked.done, 20)
                with pytest.raises(VigilError, match=message):
                    await asked
            monkeypatch.setattr(daemon.app.reloader, "_load", load)
            assert hangs.is_set()
            goes_on.set()
            reading = daemon.app.reloader._reading
            assert reading is not None
            await reading
            await daemon.app.reload()

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
            assert daemon.app.core.store.retention_ms == 3_600_000

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


class BrokenError(Exception):
    """A bug."""


def _break_alerting(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_once(monkeypatch, app.alerting.manager, "reload")


def _break_settings(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_once(monkeypatch, app.core.store, "update_required")


def _break_discovery(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_once(monkeypatch, app.watching.targets, "watch")


def _break_targets(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_once(monkeypatch, app.watching.target_manager, "_runner", after=1)


def _break_forwarder(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_once(monkeypatch, app.alerting.forwarder, "apply")


def _break_rules(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_once(monkeypatch, app.alerting.rules, "_is_same", after=1)


def _break_once(monkeypatch: pytest.MonkeyPatch, part: object, name: str, after: int = 0) -> None:
    """Have a method fail once, after so many calls that go well."""
    works, calls = getattr(part, name), iter(range(1000))

    def method(*args: Any, **options: Any) -> Any:
        if next(calls) == after:
            raise BrokenError
        return works(*args, **options)

    monkeypatch.setattr(part, name, method)


def what_runs(app: App) -> object:
    """All that the reloads here change."""
    return (
        app.core.store.retention_ms,
        app.alerting.environment.external_url,
        app.alerting.manager._state.external_url,
        app.core.access.now.section,
        [receiver.name for receiver in app.alerting.manager.config.receivers],
        {runner.target: list(runner.plans) for runner in app.watching.target_manager.runners},
        list(app.alerting.forwarder.urls),
        [group.spec for group in app.alerting.rules.groups],
        app.watching.targets.discovery.counts,
    )


@pytest.mark.parametrize(
    "break_part",
    [_break_alerting, _break_settings, _break_discovery, _break_targets, _break_forwarder, _break_rules],
)
def test_a_fault_in_any_step_leaves_all_as_it_was(
    break_part: Callable[[App, pytest.MonkeyPatch], None],
    start_server: StartServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = start_server()
    rules = "groups:\n" + "".join(
        f"  - {{name: {name}, rules: [{{alert: Up{name}, expr: redis_up == 1, for: 1m}}]}}\n" for name in "ab"
    )
    base = {"targets": [{"url": server.url, "instance": "kept"}, {"url": server.url, "instance": "gone"}]}

    async def story() -> None:
        async with FastDaemon(base, rules=rules) as daemon:
            app = daemon.app
            await daemon.pass_time("3m")
            before, firing, up = what_runs(app), daemon.firing(), app.watching.target_manager.find("kept")
            assert firing
            (daemon.config_path.parent / "hosts.yml").write_text("[]")
            daemon.change(
                {
                    "targets": [
                        {"url": server.url, "instance": "kept"},
                        {"url": server.url, "instance": "new", "samplers": {"slowlog": {"max_entries": 7}}},
                        {"url": server.url, "instance": "newer"},
                    ],
                    "storage": {"retention": "1h"},
                    "web": {"external_url": "http://127.0.0.1/other"},
                    "discovery": {"file": [{"files": ["hosts.yml"]}]},
                    "alerting": {"alertmanagers": ["http://127.0.0.1:1"]},
                },
                "route: {receiver: other}\nreceivers: [{name: other}]\n",
            )
            daemon._rules = rules.replace("1m", "2m")
            daemon._write()
            with monkeypatch.context() as patch:
                break_part(app, patch)
                with pytest.raises(VigilError, match="BrokenError"):
                    await app.reload()
            assert what_runs(app) == before
            # The one that neither configuration changes was not touched.
            assert app.watching.target_manager.find("kept") is up
            assert not app.reloader.succeeded
            # Where targets had come and gone when it broke, their alerts may have to wait anew.
            await daemon.pass_time("3m")
            assert daemon.firing() == firing, daemon
            await app.reload()
            assert what_runs(app) != before
            assert app.core.store.retention_ms == 3_600_000
            await daemon.pass_time("1m")

    run_fast(story())


def lines(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    """What was logged with this in it."""
    return [line for record in caplog.records if text in (line := record.getMessage())]


PASSWORDS = "basic_auth_users: {alice: $2b$04$E3gdR5T5RZd9bFqHYtvwZuyFjsWQUZ4HRuBYUdlDWQ.4VC4BqHVd6}\n"


@pytest.fixture
def passwords_file(tmp_path: Path) -> Path:
    """A web-config.yml that asks for passwords."""
    file = tmp_path / "web-config.yml"
    file.write_text(PASSWORDS)
    return file


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_daemon_with_passwords_is_not_opened_by_a_line_that_got_lost(
    is_deleted: bool, start_server: StartServer, passwords_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, file = start_server(), passwords_file

    async def story() -> None:
        async with FastDaemon({"web": {"config_file": str(file)}}, server, rules=NO_RULES) as daemon:
            if is_deleted:
                file.unlink()
            for _ in range(2):
                await daemon.reload({"web": {"external_url": "http://127.0.0.1/vigil"}})
                assert list(daemon.app.restart_needed) == ["web.config_file"]
                assert daemon.app.alerting.environment.external_url == "http://127.0.0.1/vigil"
                assert (await daemon.get("/metrics")).status_code == 401
            # The file that is not named any more still holds, with what changes in it.
            file.write_text(PASSWORDS.replace("alice", "bob"))
            assert (await daemon.get("/metrics")).status_code == 401
            assert list(daemon.app.core.access.now.config.basic_auth_users) == ["bob"]
            await daemon.reload({"web": {"config_file": str(file)}})
            assert list(daemon.app.restart_needed) == []
            await daemon.pass_time("5s")
        assert not lines(caplog, "nobody needs a password")

    run_fast(story())


def test_a_broken_web_configuration_is_one_line_at_a_reload(
    start_server: StartServer, passwords_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, file = start_server(), passwords_file

    async def story() -> None:
        async with FastDaemon({"web": {"config_file": str(file)}}, server, rules=NO_RULES) as daemon:
            for text in ("basic_auth_users: 1\n", "basic_auth_users: [2, 3]\n"):
                caplog.clear()
                file.write_text(text)
                with pytest.raises(VigilError):
                    await daemon.app.reload()
                await daemon.get("/metrics")
                # That the target is up may come at any time.
                assert len([one for one in caplog.records if one.levelname != "INFO"]) == 1
                assert not daemon.app.core.access.is_current
            # Without a reload the line comes with the next request.
            caplog.clear()
            file.write_text("basic_auth_users: 4\n")
            for _ in range(3):
                await daemon.get("/metrics")
            assert len(lines(caplog, "web configuration cannot be used")) == 1

    run_fast(story())


def test_a_server_that_is_watched_in_another_way_is_not_told_of_anew(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_server()
    caplog.set_level("INFO")

    async def story() -> None:
        async with FastDaemon(server, "redis://127.0.0.1:1", rules=NO_RULES) as daemon:
            await daemon.pass_time("1m")
            assert (len(lines(caplog, "target is up")), len(lines(caplog, "target is down"))) == (1, 1)
            for config in (
                {"global": {"sample_interval": "7s"}},
                {"samplers": {"slowlog": {"interval": "30s"}}},
                {"samplers": {}, "global": {"sample_interval": "9s"}},
            ):
                await daemon.reload(config)
                await daemon.pass_time("1m")
            # Twice before anybody could have sampled it.
            await daemon.reload({"global": {}})
            await daemon.reload({"global": {"job": "other"}})
            await daemon.pass_time("1m")
            assert (len(lines(caplog, "target is up")), len(lines(caplog, "target is down"))) == (1, 1)
            # What is new is told.
            server.kill()
            await daemon.pass_time("1m")
            assert len(lines(caplog, "target is down")) == 2

    run_fast(story())
