"""What a service manager hears: on the socket that it names, and from the daemon as a process."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.service_manager import ServiceManager
from tests.conftest import StartServer
from tests.live.daemon import Daemon, wait_until


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(10)
        yield receiver


def name_of(listener: socket.socket) -> str:
    return str(listener.getsockname())


def heard(listener: socket.socket) -> list[str]:
    return listener.recv(4096).decode().split("\n")


def test_start_reload_and_stop_are_told(listener: socket.socket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": name_of(listener)})
    manager.ready("Watching 2 configured servers.")
    assert heard(listener) == ["READY=1", "STATUS=Watching 2 configured servers."]
    manager.reloading()
    reloading, moment = heard(listener)
    assert reloading == "RELOADING=1"
    assert int(moment.removeprefix("MONOTONIC_USEC=")) > 0
    manager.stopping()
    assert heard(listener)[0] == "STOPPING=1"


def test_a_status_of_several_lines_stays_one_assignment(listener: socket.socket) -> None:
    ServiceManager({"NOTIFY_SOCKET": name_of(listener)}).ready("a\nMAINPID=1")
    assert heard(listener) == ["READY=1", "STATUS=a MAINPID=1"]


def test_a_name_with_an_at_sign_is_one_of_the_abstract_namespace() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("")
        name = receiver.getsockname()[1:].decode()
        receiver.settimeout(10)
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).stopping()
        assert heard(receiver)[0] == "STOPPING=1"


def test_nothing_is_sent_where_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    ServiceManager({}).ready("well")
    assert caplog.messages == []


def test_a_socket_that_is_gone_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    manager.ready("well")
    manager.stopping()
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
    ],
)
def test_signs_of_life_come_twice_in_the_time_granted_to_this_process(
    environment: dict[str, str], seconds: float
) -> None:
    assert ServiceManager(environment, process=7).watchdog_interval == seconds


def test_signs_of_life_go_on_until_they_are_cancelled(listener: socket.socket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": name_of(listener), "WATCHDOG_USEC": "20000"})

    async def live() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(manager.show_life(), 0.1)

    asyncio.run(live())
    assert [heard(listener), heard(listener)] == [["WATCHDOG=1"], ["WATCHDOG=1"]]


@pytest.mark.live
def test_systemd_hears_of_the_daemon(
    listener: socket.socket, start_server: StartServer, tmp_path: Path
) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f"targets: [{{url: '{start_server().url}'}}]\n")
    environment = {"NOTIFY_SOCKET": name_of(listener), "WATCHDOG_USEC": "400000"}
    lines: list[str] = []

    def hears(line: str) -> bool:
        lines[:] = heard(listener)
        return line in lines

    with Daemon(tmp_path, "--config", str(config), environment=environment) as daemon:
        wait_until(lambda: hears("READY=1"), 10, "the daemon is ready")
        assert lines[1] == "STATUS=Watching 1 configured server."
        wait_until(lambda: hears("WATCHDOG=1"), 10, "it lives")
        config.write_text("targets: [{url: 'amqp://host'}]\n")
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: hears("RELOADING=1"), 10, "it reloads")
        failed = (
            f"STATUS=The last reload failed, the former configuration goes on: {config}:1:17: targets[0].url"
        )
        wait_until(lambda: hears("READY=1") and lines[-1].startswith(failed), 10, "the reload has failed")
        assert daemon.stop() == 0
    wait_until(lambda: hears("STOPPING=1"), 10, "it stops")
