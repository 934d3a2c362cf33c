"""The routes of the notifications: what was sent, and a test message."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.errors import StateError
from exporter.events import Event, EventKind
from exporter.notify.not_sent import NotSent
from exporter.notify.trial import TEST_ALERT, Trial, trial_notification, try_all
from exporter.web.pages.actions import OUTDATED, Actions, Form, see_other, who
from exporter.web.pages.address import Address, PageError
from exporter.web.pages.context import PageContext
from exporter.web.pages.notifications.log import (
    OUTCOMES,
    Delivery,
    LogFilter,
    LogPage,
    read_deliveries,
    read_log,
)
from exporter.web.pages.notifications.receivers import MOST_RECEIVERS, read_receivers
from exporter.web.pages.notifications.trials import last_trial
from exporter.web.pages.notifications.unsent import read_unsent

# Less than a page may take.
_TRIAL_SECONDS: Final = 12.0
_DESCRIPTION: Final = "{} pressed “Send test” on the page of notifications. Nothing is wrong."


def routes(context: PageContext) -> Sequence[Route]:
    """The routes."""
    page, actions = _Page(context), Actions(context)
    trials = _Trials(context, page, actions)
    return (
        Route("/notifications", context.renderer.handler(page.show), methods=["GET"]),
        *actions.routes("/notifications/test", trials.send, waits=True),
    )


class _Page:
    """What is read."""

    def __init__(self, context: PageContext) -> None:
        self._context = context

    async def show(self, request: Request, problem: str = "") -> Response:
        """What was sent to whom, and why something was not."""
        context, now = self._context, self._context.clock.now()
        manager, address = context.alerting, Address.of(request)
        wanted = LogFilter.of(address)
        log, deliveries, log_problem = await self._log(wanted, now)
        receivers = read_receivers(manager, deliveries, now)
        return await context.renderer.page(
            request,
            "notifications.html",
            receivers=receivers[:MOST_RECEIVERS],
            names=[row.name for row in receivers],
            more_receivers=max(0, len(receivers) - MOST_RECEIVERS),
            failing=sum(row.is_failing for row in receivers),
            has_sent=any(entry.sent_at for row in receivers for entry in row.entries),
            unsent=await read_unsent(manager, now, wanted.receiver),
            log=log,
            log_problem=log_problem,
            wanted=wanted,
            outcomes=OUTCOMES,
            trial=await last_trial(context.events, address.text("tested"), now),
            problem=problem,
        )

    async def _log(
        self, wanted: LogFilter, now: float
    ) -> tuple[LogPage, Mapping[tuple[str, str], Delivery], str]:
        """A part of the log, and what it says of receivers; nothing and why, where it cannot be read."""
        events = self._context.events
        try:
            return await read_log(events, wanted, now), await read_deliveries(events), ""
        except StateError as error:
            return LogPage([], ""), {}, str(error)


class _Trials:
    """Sends test messages, one to a receiver at a time."""

    def __init__(self, context: PageContext, page: _Page, actions: Actions) -> None:
        self._context = context
        self._page = page
        self._log = actions.log
        self._under_way: set[str] = set()

    async def send(self, request: Request, form: Form) -> Response:
        """Send one, and lead to what became of it."""
        receiver = form.text("receiver")
        integrations = self._context.alerting.integrations.get(receiver, ())
        sending = [one for one in integrations if not isinstance(one, NotSent)]
        if not form.is_fresh:
            return await self._again(request, OUTDATED)
        if not sending:
            raise PageError(404, "There is no receiver of this name that something is sent to.")
        if receiver in self._under_way:
            return await self._again(request, "A test message to this receiver is under way already.")
        self._under_way.add(receiver)
        try:
            by = who(request) or "Somebody"
            now = self._context.clock.now()
            notification = trial_notification(
                receiver,
                self._context.settings.external_url,
                now,
                description=_DESCRIPTION.format(by),
            )
            trials = await try_all(sending, notification, _TRIAL_SECONDS)
        finally:
            self._under_way.discard(receiver)
        self._record(request, receiver, trials)
        return see_other(Address.of(request).to("notifications", tested=receiver))

    async def _again(self, request: Request, problem: str) -> Response:
        response = await self._page.show(request, problem)
        response.status_code = 422
        return response

    def _record(self, request: Request, receiver: str, trials: Sequence[Trial]) -> None:
        for trial in trials:
            fields = {
                "receiver": receiver,
                "integration": trial.integration,
                "outcome": "failed" if trial.error else "sent",
                "alertnames": [TEST_ALERT],
                "firing": 1,
                "resolved": 0,
                "attempts": 1,
                "error": trial.error,
            }
            now = self._context.clock.now()
            self._context.events.record(Event.of(now, "", EventKind.NOTIFICATION, fields))
        self._log.record(
            "test",
            who(request),
            receiver=receiver,
            outcome="failed" if any(trial.error for trial in trials) else "sent",
            results=[str(trial) for trial in trials],
        )
