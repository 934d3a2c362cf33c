"""`/status`: the daemon itself: what runs, since when, and the configuration with a button to reload it."""

import asyncio
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import exporter
from exporter.errors import ShuttingDownError, StateError, VigilError
from exporter.events import EventKind, EventQuery, StoredEvent
from exporter.web.pages.actions import OUTDATED, Actions, Form, see_other, who
from exporter.web.pages.address import Address
from exporter.web.pages.context import PageContext
from exporter.web.pages.moments import moment_text, span_text

_MOST_WARNINGS: Final = 50
_MOST_RELOADS: Final = 10
# Less than a page may take; a reload goes on nevertheless.
_RELOAD_SECONDS: Final = 12.0
_FILES: Final = (("files_changed", "changed"), ("files_new", "new"), ("files_gone", "gone"))


@dataclass(frozen=True, slots=True)
class ReloadRow:
    """One reload, or a start, with the files that had changed; `error`: why it was refused."""

    at: float
    moment: str
    words: str
    error: str
    files: Sequence[str]


@dataclass(frozen=True, slots=True)
class Status:
    """What the page shows; times in epoch seconds."""

    version: str
    python: str
    started_at: float
    started: str
    uptime: str
    loaded_at: float
    loaded: str
    has_succeeded: bool
    restart_needed: Sequence[str]
    warnings: Sequence[str]
    warning_count: int
    reloads: Sequence[ReloadRow]
    problem: str
    series: int
    rules: int

    @property
    def error(self) -> str:
        """Why the last reload was refused; empty where it was not, or that is not known."""
        return "" if self.has_succeeded else next((one.error for one in self.reloads if one.error), "")


def routes(context: PageContext) -> Sequence[Route]:
    """The routes."""
    page = _Page(context)
    actions = Actions(context)

    async def reload(request: Request, form: Form) -> Response:
        if not form.is_fresh:
            response = await page.show(request, OUTDATED)
            response.status_code = 422
            return response
        outcome, asked = await _reload(context)
        actions.log.record("reload", who(request), outcome=outcome)
        return see_other(Address.of(request).to("status", asked=asked or None))

    return (
        Route("/status", context.renderer.handler(page.show), methods=["GET"]),
        *actions.routes("/status/reload", reload, waits=True),
    )


async def _reload(context: PageContext) -> tuple[str, str]:
    """Reload; return how that went, and what the page is to say that no event tells."""
    try:
        async with asyncio.timeout(_RELOAD_SECONDS):
            await context.reloads.reload()
    except TimeoutError:
        return "under way", "late"
    except ShuttingDownError:
        return "failed", "ending"
    except VigilError:
        return "failed", ""
    return "succeeded", ""


_ASKED: Final = {
    "late": "The reload takes long, and goes on: look again.",
    "ending": "The daemon is about to end, and reloads nothing more.",
}


class _Page:
    def __init__(self, context: PageContext) -> None:
        self._context = context
        self._started_at = context.clock.now()

    async def show(self, request: Request, problem: str = "") -> Response:
        asked = _ASKED.get(Address.of(request).text("asked"), "")
        return await self._context.renderer.page(
            request, "status.html", status=await self._read(), problem=problem or asked
        )

    async def _read(self) -> Status:
        context, now = self._context, self._context.clock.now()
        state = context.reloads
        reloads, problem = await self._reloads(now)
        return Status(
            version=exporter.__version__,
            python=platform.python_version(),
            started_at=self._started_at,
            started=moment_text(self._started_at, now),
            uptime=span_text(now - self._started_at),
            loaded_at=state.loaded_at,
            loaded=moment_text(state.loaded_at, now, seconds=True),
            has_succeeded=state.succeeded,
            restart_needed=list(state.restart_needed),
            warnings=list(state.warnings[:_MOST_WARNINGS]),
            warning_count=len(state.warnings),
            reloads=reloads,
            problem=problem,
            series=context.store.series_count,
            rules=sum(len(group.rules) for group in context.rules.groups),
        )

    async def _reloads(self, now: float) -> tuple[Sequence[ReloadRow], str]:
        query = EventQuery([""], [EventKind.RELOAD, EventKind.DAEMON], limit=_MOST_RELOADS)
        try:
            page = await self._context.events.read(query)
        except StateError as error:
            return [], str(error)
        return [_row(event, now) for event in page.events], ""


def _row(event: StoredEvent, now: float) -> ReloadRow:
    fields, at = event.fields, event.at_ms / 1000
    error = str(fields.get("error") or "")
    words = "Reload refused" if fields.get("outcome") == "failed" else "Reloaded"
    if event.kind == EventKind.DAEMON:
        words = _words_of_daemon(fields)
    files = [f"{path} ({word})" for name, word in _FILES for path in fields.get(name) or ()]
    return ReloadRow(at, moment_text(at, now, seconds=True), words, error, files)


def _words_of_daemon(fields: Any) -> str:
    state, version = fields.get("state"), fields.get("version")
    if state != "started":
        return f"{version} ended"
    return f"{version} started" + (
        ", after one that did not end by itself" if fields.get("ended_cleanly") is False else ""
    )
