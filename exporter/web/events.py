"""`/api/events`: what happened, the newest first, page by page, as JSON."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from exporter.clock import Clock
from exporter.errors import StateError
from exporter.events import EventLog
from exporter.web.api_v1.parameters import Parameters
from exporter.web.api_v1.reply import BadDataError
from exporter.web.event_query import read_event_query
from exporter.web.json_pieces import dump, json_response


def routes(events: EventLog, clock: Clock) -> Sequence[BaseRoute]:
    """The route; the parameters narrow down what is answered, see docs/events.md."""

    async def list_events(request: Request) -> Response:
        try:
            page = await events.read(read_event_query(await Parameters.of(request, clock)))
        except BadDataError as error:
            return refusal(400, "bad_data", str(error))
        except StateError as error:
            return refusal(503, "unavailable", str(error))
        cursor = None if page.next_cursor is None else str(page.next_cursor)
        found = (event.as_json() for event in page.events)
        return await json_response({"at": clock.now(), "events": found, "next_cursor": cursor})

    return [Route("/api/events", list_events)]


def refusal(status: int, kind: str, message: str) -> Response:
    """An answer that says in one line why there is none, in the form of Prometheus' API."""
    shown = dump({"status": "error", "errorType": kind, "error": message})
    return Response(shown.encode("utf-8", "replace"), status, media_type="application/json")
