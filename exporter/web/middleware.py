"""What every request passes before the routes, outermost first."""

from collections.abc import Sequence

from starlette.middleware import Middleware

from exporter.config.web import WebSection
from exporter.config.web_config import WebConfig
from exporter.web.auth import BasicAuth
from exporter.web.origin import OriginGuard


def build_middleware(section: WebSection, config: WebConfig) -> Sequence[Middleware]:
    """Origins and host names, then passwords where there are users."""
    guard = Middleware(
        OriginGuard,
        external_url=section.external_url,
        hosts=section.hosts,
        cors_origin=section.cors_origin,
        headers={str(name): value for name, value in config.http_server_config.headers.items()},
    )
    users = config.basic_auth_users
    return [guard, Middleware(BasicAuth, users=users)] if users else [guard]
