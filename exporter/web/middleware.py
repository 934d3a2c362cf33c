"""Middleware handles every request before the routes."""

from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.web.access import CurrentAccess
from exporter.web.auth import BasicAuth
from exporter.web.lifecycle import RELOAD_PATHS
from exporter.web.origin import OriginGuard


class Entrance:
    """Checks origins and host names, then passwords where there are users.

    `access` is asked at each request, so that a user who is removed from web-config.yml is refused at once,
    over open connections too.
    """

    def __init__(self, app: ASGIApp, access: CurrentAccess) -> None:
        self._app = app
        self._access = access
        self._version = -1
        self._auth: BasicAuth | None = None
        self._users: dict[str, str] = {}
        self._outermost: ASGIApp = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, then hand it on."""
        if scope["type"] == "http":
            self._access.look(is_silent=scope.get("path") in RELOAD_PATHS)
            if self._access.version != self._version:
                self._follow()
        await self._outermost(scope, receive, send)

    def _follow(self) -> None:
        self._version = self._access.version
        section, config = self._access.now.section, self._access.now.config
        if config.basic_auth_users != self._users:
            self._users = config.basic_auth_users
            former, self._auth = self._auth, BasicAuth(self._app, self._users) if self._users else None
            if former is not None:
                former.close()
        self._outermost = OriginGuard(
            self._auth or self._app,
            external_url=section.external_url,
            hosts=section.hosts,
            cors_origin=section.cors_origin,
            headers={str(name): value for name, value in config.http_server_config.headers.items()},
        )
