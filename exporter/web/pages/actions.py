"""Actions: the few things that people do on the pages. Each is a form with a token, and an event."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from exporter.web.action_log import ActionLog, signed_in
from exporter.web.pages.address import PageError
from exporter.web.pages.context import PageContext
from exporter.web.pages.rendering import Handler

SWITCHED_OFF: Final = "Actions on the pages are switched off (web.actions in config.yml)."
OUTDATED: Final = (
    "This form is more than a day old, or from before a restart: nothing was done. Press the button again."
)

_MAX_BYTES: Final = 512 << 10
_MAX_FIELDS: Final = 30
_AUTHOR: Final = "author"
_AUTHOR_SECONDS: Final = 365 * 86_400
_MAX_AUTHOR: Final = 200


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody has posted. `is_fresh`: its token is one of ours; else nothing may be done by it."""

    fields: Mapping[str, str]
    is_fresh: bool

    def text(self, name: str) -> str:
        """The value of a field, empty where it is missing."""
        return self.fields.get(name, "").strip()


Act = Callable[[Request, Form], Awaitable[Response]]


class Actions:
    """Takes forms; `log` is for who did what."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self.log = ActionLog(context.events, context.clock.now)

    def routes(self, path: str, act: Act, *, waits: bool = False) -> Sequence[Route]:
        """The routes of a form that is posted to a path, from a function that does what it asks for.

        It is called for old forms too, which it shows again. `waits`: it waits for others than the daemon.
        Who looks there (a page that shows a form again is at this address) is led to the page above.
        """
        return (
            Route(path, self.handler(act, waits=waits), methods=["POST"]),
            Route(path, _lead_up, methods=["GET"]),
        )

    def handler(self, act: Act, *, waits: bool = False) -> Handler:
        """An endpoint that is posted to, as `routes` says."""

        async def take(request: Request) -> Response:
            if not self._context.in_force.config.web.actions:
                raise PageError(403, SWITCHED_OFF)
            fields = await _read(request)
            token, now = fields.pop("token", ""), self._context.clock.now()
            return await act(request, Form(fields, self._context.renderer.tokens.holds(token, now)))

        return self._context.renderer.handler(take, waits=waits)


def who(request: Request) -> str:
    """Who asks: the user who has signed in, else who said so in a form before; empty where nobody did."""
    return signed_in(request) or unquote(request.cookies.get(_AUTHOR, ""))[:_MAX_AUTHOR].strip()


def remember_author(response: Response, request: Request, author: str) -> None:
    """Have a browser remember who somebody said to be."""
    if author and author != who(request):
        value = quote(author[:_MAX_AUTHOR], safe="")
        secure = request.url.scheme == "https"
        response.set_cookie(_AUTHOR, value, _AUTHOR_SECONDS, secure=secure, httponly=True, samesite="strict")


def see_other(address: str) -> Response:
    """What an action answers: look there for what happened."""
    return RedirectResponse(address, 303)


async def _lead_up(request: Request) -> Response:
    above = request.url.path.rsplit("/", 2)[1]
    query = f"?{request.url.query}" if request.url.query else ""
    return see_other(f"../{quote(above, safe='')}{query}")


async def _read(request: Request) -> dict[str, str]:
    """The fields of a form; of several with one name the last. Raises `PageError`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise PageError(413, f"The form is larger than {_MAX_BYTES >> 10} KiB.")
    try:
        # Errors are replaced, by which also what is no text can be shown again.
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise PageError(400, f"The form has more than {_MAX_FIELDS} fields.") from None
    return dict(pairs)
