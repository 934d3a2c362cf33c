"""The order in which the parts of the daemon start, and the one in which they stop."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from exporter.assembly import Alerting, Core, Watching
from exporter.clock_watch import ClockWatch
from exporter.errors import StateError
from exporter.jobs import JobScheduler
from exporter.lifecycle import Stage
from exporter.log import get_logger
from exporter.reloader import Reloader
from exporter.remote.otlp import OtlpExporter
from exporter.rules.saved import MemoryAlertState
from exporter.web.server import WebServer

# What is being sent when the daemon stops may go on for so long.
_SEND_DEADLINE_SECONDS: Final = 4.0
_WRITE_DEADLINE_SECONDS: Final = 1.0

STOPPING: Final = (
    "clock",
    "jobs",
    "reload",
    "discovery",
    "peers",
    "samplers",
    "rules",
    "remote write",
    "notifications",
    "connections",
    "history",
    "state database",
    "events",
    "web server",
)
"""The names of all stages in the order in which data flows."""

log = get_logger(__name__)


def stages_of(
    core: Core,
    alerting: Alerting,
    watching: Watching,
    reloader: Reloader,
    clock_watch: ClockWatch,
    jobs: JobScheduler,
    web: WebServer,
    otlp: OtlpExporter,
) -> Sequence[Stage]:
    """Return the stages in the order in which they start.

    The web server comes first, so that the daemon can be asked how it is. Their ends together stay below the
    ten seconds that SIGTERM is given.
    """
    return [
        _background("clock", clock_watch.run),
        _web_server(core, web),
        Stage("reload", _nothing, reloader.stop, 1.5),
        _samplers(watching),
        _state(core),
        _history(core),
        _remote_write(core),
        Stage("events", core.events.start, core.events.close, 7.5),
        Stage("connections", _nothing, watching.target_manager.close, 6.5),
        _notifications(core, alerting, otlp),
        Stage("discovery", partial(watching.targets.start, jobs), watching.targets.stop, 1.5),
        _peers(core, jobs),
        _rules(core, alerting),
        Stage("jobs", jobs.start, jobs.stop, 1.5),
    ]


async def _nothing() -> None:
    """Start nothing: the part has work only once others run."""


def _background(name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> Stage:
    """A coroutine that goes on until it is cancelled."""
    tasks: list[asyncio.Task[None]] = []

    async def start() -> None:
        tasks.append(asyncio.create_task(run(), name=name))

    async def stop() -> None:
        for task in tasks:
            task.cancel()

    return Stage(name, start, stop, 1.5)


def _web_server(core: Core, web: WebServer) -> Stage:
    async def start() -> None:
        web.start()

    async def stop() -> None:
        core.queries.close()
        await web.stop()

    return Stage("web server", start, stop, 8.0)


def _samplers(watching: Watching) -> Stage:
    async def start() -> None:
        watching.schedule.start()

    return Stage("samplers", start, watching.schedule.stop, 1.5)


def _state(core: Core) -> Stage:
    state, store = core.state, core.store

    async def start() -> None:
        await state.load()
        await state.samples.restore(store, core.job_labels.of_series)
        if core.history is None:
            state.samples.follow(store)

    return Stage("state database", start, state.close, 7.0)


def _remote_write(core: Core) -> Stage:
    async def start() -> None:
        config = core.in_force.config
        await core.remote_writer.start(config.remote_write, config.global_.external_labels)

    async def stop() -> None:
        await core.remote_writer.stop(_WRITE_DEADLINE_SECONDS)

    return Stage("remote write", start, stop, 2.75)


def _history(core: Core) -> Stage:
    """All samples on disk, what rules need of them in memory; then nothing else need be saved for these."""
    history = core.history

    async def start() -> None:
        if history is not None:
            await history.open()
            await core.state.samples.migrate(history.adopt)
            await history.follow(core.store, core.plan.needs, core.job_labels.of_series)

    async def stop() -> None:
        if history is not None:
            await history.close()

    return Stage("history", start, stop, 6.75)


def _notifications(core: Core, alerting: Alerting, otlp: OtlpExporter) -> Stage:
    async def start() -> None:
        await alerting.manager.start()
        alerting.forwarder.apply(core.in_force.config.alerting.alertmanagers)
        await otlp.apply(core.in_force.config)

    async def stop() -> None:
        await asyncio.gather(
            alerting.manager.stop(_SEND_DEADLINE_SECONDS),
            alerting.forwarder.stop(_SEND_DEADLINE_SECONDS),
            otlp.stop(_SEND_DEADLINE_SECONDS),
        )

    return Stage("notifications", start, stop, 6.25)


def _peers(core: Core, jobs: JobScheduler) -> Stage:
    async def start() -> None:
        core.peers.start(jobs, core.in_force.config.peers)

    return Stage("peers", start, core.peers.stop, 1.5)


def _rules(core: Core, alerting: Alerting) -> Stage:
    async def start() -> None:
        files = core.in_force.plan.rule_files
        try:
            await alerting.rules.start(files)
        except StateError as error:
            log.error("the state of alerts cannot be read, starting without it", error=error)
            alerting.environment.state = MemoryAlertState()
            await alerting.rules.start(files)

    return Stage("rules", start, alerting.rules.stop, 1.5)
