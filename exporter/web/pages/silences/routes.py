"""The routes of silences: GET shows, POST does one thing and leads on to a page that shows it."""

from collections.abc import Sequence
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.alerting.silences import InvalidSilenceError, Silence, SilenceState
from exporter.web.action_log import signed_in
from exporter.web.pages.actions import OUTDATED, Actions, Form, remember_author, see_other, who
from exporter.web.pages.address import Address, PageError
from exporter.web.pages.context import PageContext
from exporter.web.pages.silences.draft import Draft
from exporter.web.pages.silences.extension import read_extension
from exporter.web.pages.silences.hits import find_hits
from exporter.web.pages.silences.listing import list_silences
from exporter.web.pages.silences.story import tell_story

_UNPROCESSABLE = 422


def routes(context: PageContext) -> Sequence[Route]:
    """The routes of all pages about silences."""
    pages, actions = _Pages(context), Actions(context)
    doing = _Doing(context, pages, actions)
    shown = context.renderer.handler
    return (
        Route("/silences", shown(pages.list_all), methods=["GET"]),
        Route("/silences/new", shown(pages.write), methods=["GET"]),
        Route("/silences/new", actions.handler(doing.create), methods=["POST"]),
        Route("/silences/{silence_id}", shown(pages.show), methods=["GET"]),
        Route("/silences/{silence_id}/edit", shown(pages.edit), methods=["GET"]),
        *actions.routes("/silences/{silence_id}/extend", doing.extend),
        *actions.routes("/silences/{silence_id}/expire", doing.expire),
    )


class _Pages:
    """What is read."""

    def __init__(self, context: PageContext) -> None:
        self._context = context

    def find(self, request: Request) -> Silence:
        """The silence that a path names; raises `PageError`."""
        silence = self._context.alerting.silences.find(request.path_params["silence_id"])
        if silence is None:
            raise PageError(
                404, "There is no silence with this id: it was never made, or ended more than five days ago."
            )
        return silence

    async def list_all(self, request: Request) -> Response:
        """The silences that hold, those that will, and those that have ended."""
        address = Address.of(request)
        listing = await list_silences(self._context.alerting, self._context.clock.now(), address)
        return await self._context.renderer.page(request, "silences.html", listing=listing)

    async def write(self, request: Request) -> Response:
        """The form, filled in with what a link says."""
        draft = Draft.of_address(Address.of(request), who(request))
        draft.read(self._context.clock.now())
        if not draft.filter:
            # Nothing has been written yet that could be wrong.
            del draft.errors["filter"]
        return await self.form(request, draft)

    async def edit(self, request: Request) -> Response:
        """The form, filled in with what a silence says."""
        now = self._context.clock.now()
        draft = Draft.of_silence(self.find(request), now, who(request))
        draft.read(now)
        return await self.form(request, draft)

    async def form(self, request: Request, draft: Draft, problem: str = "") -> Response:
        """The form of a silence, with what it would hit now."""
        context, now = self._context, self._context.clock.now()
        can_be_read = draft.matchers and "filter" not in draft.errors
        hits = await find_hits(context, draft.matchers, now, draft.silence_id) if can_be_read else None
        response = await context.renderer.page(
            request,
            "silence_form.html",
            draft=draft,
            hits=hits,
            until=draft.until_text(now),
            problem=problem,
            user=signed_in(request),
        )
        if draft.errors and request.method == "POST":
            response.status_code = _UNPROCESSABLE
        return response

    async def show(self, request: Request, problem: str = "", typed: str = "") -> Response:
        """One silence: what it hits, what can be done with it, what was done with it."""
        context, silence = self._context, self.find(request)
        story = await tell_story(silence, context)
        response = await context.renderer.page(
            request, "silence.html", story=story, problem=problem, typed=typed
        )
        if problem:
            response.status_code = _UNPROCESSABLE
        return response


class _Doing:
    """What is done."""

    def __init__(self, context: PageContext, pages: _Pages, actions: Actions) -> None:
        self._manager = context.alerting
        self._clock = context.clock
        self._pages = pages
        self._log = actions.log

    async def create(self, request: Request, form: Form) -> Response:
        """Make a silence, or change one; with `preview` only show what it would hit."""
        draft, now = Draft.of_form(form), self._clock.now()
        if form.text("preview"):
            draft.read(now)
            return await self._pages.form(request, draft)
        known = self._manager.silences.find(draft.silence_id) if draft.silence_id else None
        silence = draft.complete(now, known)
        if not form.is_fresh:
            return await self._pages.form(request, draft, OUTDATED)
        if draft.errors:
            return await self._pages.form(request, draft)
        try:
            made = await self._manager.put_silence(silence)
        except InvalidSilenceError as error:
            return await self._pages.form(request, draft, f"It was not made: {error}.")
        by = signed_in(request) or draft.created_by
        self._log.record_silence("silence" if known is None else "edit", by, made, known)
        response = see_other(f"{Address.of(request).root}silences/{quote(made.id, safe='')}")
        remember_author(response, request, draft.created_by)
        return response

    async def extend(self, request: Request, form: Form) -> Response:
        """Have a silence end later."""
        silence, now = self._pages.find(request), self._clock.now()
        if not form.is_fresh:
            return await self._pages.show(request, OUTDATED, form.text("duration"))
        extended, problem = read_extension(silence, form, now)
        if extended is None:
            return await self._pages.show(request, problem, form.text("duration"))
        made = await self._manager.put_silence(extended)
        self._log.record_silence("extend", who(request), made)
        return self._back(request, made)

    async def expire(self, request: Request, form: Form) -> Response:
        """End a silence now."""
        silence, now = self._pages.find(request), self._clock.now()
        if not form.is_fresh:
            return await self._pages.show(request, OUTDATED)
        if silence.state(now) is not SilenceState.EXPIRED:
            await self._manager.expire_silence(silence.id)
            self._log.record_silence("expire", who(request), silence)
        return self._back(request, silence)

    def _back(self, request: Request, silence: Silence) -> Response:
        return see_other(f"{Address.of(request).root}silences/{quote(silence.id, safe='')}")
