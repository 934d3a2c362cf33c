"""The pages for people: what is watched, what is firing, how the rules are doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.health import missing_of
from exporter.samplers.runner import TargetRunner
from exporter.samplers.status import TargetStatus
from exporter.time_slice import TimeSlice
from exporter.web.alert_rows import MAX_ROWS
from exporter.web.pages.context import PageContext
from exporter.web.text import bytes_text, count_text, duration_text

_LOOKBACK_MS = 300_000
_FIGURES: Final = ("redis_connected_clients", "redis_instantaneous_ops_per_sec", "redis_uptime_in_seconds")


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One server on the overview; texts ready to be shown."""

    instance: str
    health: str
    state: str
    reason: str
    role: str
    version: str
    memory: str
    memory_share: float | None
    clients: str
    ops: str
    uptime: str


class Pages:
    """Renders the pages from what the daemon has in memory."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self._store = context.store
        self._targets = context.targets
        self._alerts = context.alerts
        self._clock = context.clock
        self._page = context.renderer.page

    def routes(self) -> Sequence[Route]:
        """The routes of the pages."""
        handler = self._context.renderer.handler
        return (
            Route("/", handler(self._overview), methods=["GET"]),
            Route("/alerts", handler(self._alert_page), methods=["GET"]),
        )

    async def _overview(self, request: Request) -> Response:
        runners = list(self._targets.runners)
        turn = TimeSlice()
        rows = []
        for runner in runners[:MAX_ROWS]:
            rows.append(self._target_row(runner, *self._latest(runner)))
            await turn.yield_control()
        problems = [problem for runner in runners if (problem := runner.status.problem) is not None]
        down = sum(problem.is_down for problem in problems)
        return await self._page(
            request,
            "overview.html",
            targets=rows,
            total=len(runners),
            down=down,
            unsampled=len(problems) - down,
            missing={
                runner.target.instance: missing_of(runner.unavailable)
                for runner in runners[:MAX_ROWS]
                if runner.unavailable.commands
            },
            alerts=await self._alerts.problems(turn),
        )

    async def _alert_page(self, request: Request) -> Response:
        return await self._page(
            request,
            "alerts.html",
            alerts=await self._alerts.alerts(TimeSlice()),
            silences=self._alerts.silences(),
            receivers=self._alerts.unsent_receivers(),
        )

    def _target_row(
        self, runner: TargetRunner, clients: float | None, ops: float | None, uptime: float | None
    ) -> TargetRow:
        server, status = runner.facts.server, runner.status
        alive = status.up is True
        version = ".".join(map(str, server.version))
        instance = runner.target.instance
        return TargetRow(
            instance=instance,
            health={True: "up", False: "down", None: "unknown"}[status.up],
            state=_state(status),
            reason=status.message,
            role=server.role if alive else "",
            version=f"{server.engine} {version}" if alive and version else "",
            memory=bytes_text(server.used_memory) if alive else "",
            memory_share=server.used_memory / server.maxmemory if alive and server.maxmemory else None,
            clients=count_text(clients),
            ops=count_text(ops),
            uptime=duration_text(uptime),
        )

    def _latest(self, runner: TargetRunner) -> Sequence[float | None]:
        """Return the newest values of the figures of a target."""
        since_ms = round(self._clock.now() * 1000) - _LOOKBACK_MS
        latest: dict[str, float] = {}
        for group in self._store.groups_of(runner.sources):
            if group.last_time > since_ms:
                found = {name: group.newest(name) for name in _FIGURES}
                latest.update({name: value for name, value in found.items() if value is not None})
        return [latest.get(name) for name in _FIGURES]


def _state(status: TargetStatus) -> str:
    """In a few words: up, down and why, or just why the server cannot be sampled."""
    problem = status.problem
    if problem is None:
        return "unknown" if status.up is None else "up"
    if status.up:
        return f"up, {problem.words}"
    return f"down, {problem.words}" if problem.is_down else problem.words
