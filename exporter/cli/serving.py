"""Runs the daemon, for `redis-vigil run`."""

import asyncio
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import uvloop

from exporter.app import App
from exporter.cli.last_resort import LastResort
from exporter.cli.shards import shard_of
from exporter.config.main import URL_VARIABLE
from exporter.config.redis_exporter import OTHER_VARIABLES, VARIABLES
from exporter.config.web import parse_listen_address
from exporter.errors import UsageError, VigilError
from exporter.log import get_logger
from exporter.reload import Plan, Source, load_plan
from exporter.service_manager import ServiceManager
from exporter.store.heap import share_one_heap
from exporter.web.pages.templating import compile_templates
from exporter.web.server import bind

log = get_logger(__name__)

_MAX_OPEN_FILES: Final = 65_536
# A page waits so long at most, each time it needs the interpreter, while a thread computes.
_SWITCH_SECONDS: Final = 0.0005
# Nearly nothing here makes cycles, and each look for them goes through what thousands of series are made of:
# Python's own 700, 10 and 10 cost a tenth of the CPU time. The first two bound how many new ones are looked
# at in one go, while nothing else runs: 12,000 take up to 25 ms. The last one keeps the collector from ever
# going through all that is old: cycles die young here.
_COLLECT_AFTER: Final = (4_000, 1, 10_000)


def serve_servers(
    config: Path | None,
    urls: tuple[str, ...],
    listen_address: str | None,
    storage_path: Path | None = None,
    shard: str | None = None,
) -> None:
    """Watch the servers of a configuration, and those of the URLs, until a signal comes."""
    source = Source(config, urls, listen_address or "", storage_path, shard_of(shard))
    plan = load_plan(source)
    if config is None and not urls:
        _tell_of_variables(os.environ, [target.instance for target in plan.targets])
    listener = listen(plan.config.web.listen_address)
    serve(plan, lambda: load_plan(source), listener)


def _tell_of_variables(environment: Mapping[str, str], watched: Sequence[str]) -> None:
    """Say that the variables of redis_exporter are taken, and which are not."""
    if environment.get(URL_VARIABLE):
        return
    if taken := [name for name in VARIABLES if environment.get(name)]:
        log.info(
            "the servers are those of redis_exporter's variables",
            variables=", ".join(taken),
            servers=", ".join(watched),
        )
    if others := sorted(name for name in environment if name.startswith(OTHER_VARIABLES)):
        log.warning(
            "these variables of redis_exporter are not read: `redis-vigil migrate redis_exporter` writes a "
            "configuration that does the same",
            variables=", ".join(others),
        )


def listen(address: str) -> socket.socket:
    """A listening socket; raises `UsageError` for an address that is none, `ListenError` for one in use."""
    try:
        host, port = parse_listen_address(address)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return bind(host, port)


def _allow_many_connections() -> None:
    """Raise the soft limit of open files: each target takes some, and shells often grant only 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def serve(plan: Plan, load: Callable[[], Plan], listener: socket.socket) -> None:
    """Run the daemon until it is told to end."""
    share_one_heap()
    _allow_many_connections()
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(*_COLLECT_AFTER)
    compile_templates()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(plan, load, listener))


async def _serve(plan: Plan, load: Callable[[], Plan], listener: socket.socket) -> None:
    app = App(plan, load, listener)
    manager = ServiceManager()
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = asyncio.create_task(_reload(app, manager))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    # Before the start: a signal that comes while that goes on must end it cleanly too.
    ended = end_signal(signal.SIGTERM, signal.SIGINT)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    await app.start()
    app.loop_watch.start()
    manager.ready(_watching(app))
    life = asyncio.create_task(manager.show_life())
    await ended.wait()
    last_resort = LastResort()
    last_resort.start()
    manager.stopping()
    await app.stop()
    life.cancel()
    last_resort.all_is_done()
    _ignore(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def end_signal(*numbers: signal.Signals) -> asyncio.Event:
    """An event that is set once one of these signals has come."""
    ended = asyncio.Event()
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    return ended


def _ignore(*numbers: signal.Signals) -> None:
    """The end has come: who asks for it once more must not turn it into a failure."""
    loop = asyncio.get_running_loop()
    for number in numbers:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


async def _reload(app: App, manager: ServiceManager) -> None:
    manager.reloading()
    try:
        await app.reload()
    except VigilError as error:
        # The app has logged it too.
        manager.ready(f"The last reload failed, the former configuration goes on: {error}")
    else:
        manager.ready(_watching(app))


def _watching(app: App) -> str:
    """What `systemctl status` shows of a daemon that is well."""
    count = len(app.core.in_force.plan.targets)
    return f"Watching {count} configured server{'' if count == 1 else 's'}."
