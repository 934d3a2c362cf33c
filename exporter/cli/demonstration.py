"""The daemon on an embedded server with a lively workload, for `redis-vigil demo`."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import uvloop
from rich.console import Console

from exporter.app import App
from exporter.cli.output import colour_system
from exporter.cli.serving import end_signal, listen
from exporter.config.alertmanager.config import AlertmanagerConfig
from exporter.config.alertmanager.receivers import Receiver
from exporter.config.main import Config
from exporter.demo import queues
from exporter.demo.server import DemoServer, find_program
from exporter.demo.terminal import Terminal
from exporter.demo.workload import Workload
from exporter.log import configure_logging
from exporter.reload import Plan, plan_of
from exporter.routing import Routing
from exporter.web.server import ListenError

_HOST: Final = "127.0.0.1"
_PORT: Final = 9121
_OUTAGE_SECONDS: Final = 6.0
_BETWEEN_OUTAGES_SECONDS: Final = 300.0
_ALERTMANAGER: Final[dict[str, Any]] = {
    "route": {
        "receiver": "terminal",
        "group_by": ["alertname", "instance"],
        "group_wait": "0s",
        "group_interval": "2s",
        "repeat_interval": "1h",
        # The dead man's switch has nothing to say here.
        "routes": [{"matchers": ["severity=none"], "receiver": "nobody"}],
    },
    "receivers": [{"name": "terminal"}, {"name": "nobody"}],
}


def show_demo(listen_address: str | None, seconds: float | None, first_outage_seconds: float) -> None:
    """Show the daemon at work, for so long or until Ctrl-C.

    Raises `UsageError` for an address that is none, `VigilError` where one that was asked for is taken, or
    where there is no Redis.
    """
    configure_logging("error")
    program = find_program()
    console = Console(highlight=False, color_system=colour_system())
    listener = listen(listen_address) if listen_address else _listen_anywhere(console)
    server = DemoServer(program)
    plan = _plan(server.url, Terminal(console, _time_of_day))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_show(server, plan, listener, console, first_outage_seconds, seconds))


def _listen_anywhere(console: Console) -> socket.socket:
    """At the usual port, or where that is taken at any that is free."""
    try:
        return listen(f"{_HOST}:{_PORT}")
    except ListenError:
        listener = listen(f"{_HOST}:0")
        port = listener.getsockname()[1]
        console.print(f"Port {_PORT} is taken: the demo listens on port {port}.")
        return listener


def _plan(url: str, terminal: Terminal) -> Plan:
    config = Config.model_validate(
        {
            "global": {"sample_interval": "2s", "sample_timeout": "1s", "evaluation_interval": "2s"},
            "targets": [{"url": url, "instance": "demo"}],
            "samplers": {"queues": queues.SETTINGS, "keyspace": {"interval": "20s"}},
        }
    )
    routes = AlertmanagerConfig.model_validate(_ALERTMANAGER)

    def _integration_factory(receiver: Receiver) -> Sequence[Terminal]:
        return (terminal,) if receiver.name == terminal.name else ()

    return replace(plan_of(config), routing=Routing(routes, lambda *_: _integration_factory))


def _time_of_day(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")


async def _show(
    server: DemoServer,
    plan: Plan,
    listener: socket.socket,
    console: Console,
    first_outage_seconds: float,
    seconds: float | None,
) -> None:
    # A closed terminal ends the demo as Ctrl-C does, also in the middle of its start.
    ended = end_signal(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    app = App(plan, lambda: plan, listener)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.close)
        await server.start()
        stack.push_async_callback(app.stop)
        await app.start()
        app.loop_watch.start()
        stack.push_async_callback(
            _cancel,
            asyncio.create_task(Workload(server.port).run()),
            asyncio.create_task(_suffer_outages(server, console, first_outage_seconds)),
        )
        _print_introduction(console, server, app, first_outage_seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()
        console.print("[dim]Ending the demo.[/]")


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _print_introduction(console: Console, server: DemoServer, app: App, first_outage_seconds: float) -> None:
    host, port = app.web.address
    url = f"http://{host}:{port}"
    console.print(f"[bold]redis-vigil[/] watches an embedded server on port {server.port}.")
    console.print(f"  servers and alerts   {url}/")
    console.print(f"  metrics              {url}/metrics")
    console.print(f"  queues               {url}/api/queues")
    console.print(f"  Prometheus' API      {url}/api/v1/query?query=redis_up")
    console.print("Messages appear below in the words that Slack would get. Ctrl-C ends the demo.")
    console.print(f"The first trouble comes in {first_outage_seconds:.0f} s.")


async def _suffer_outages(server: DemoServer, console: Console, first_outage_seconds: float) -> None:
    """The server dies now and then, for a few seconds."""
    await asyncio.sleep(first_outage_seconds)
    while True:
        console.print("[dim]The demo stops its server for a moment.[/]")
        await server.stop()
        await asyncio.sleep(_OUTAGE_SECONDS)
        await server.start()
        console.print("[dim]The server is back.[/]")
        await asyncio.sleep(_BETWEEN_OUTAGES_SECONDS)
