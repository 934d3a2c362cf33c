"""The page of one server: how it is, how it was, what happened to it, what is known of it."""

from exporter.web.pages.server.routes import routes

__all__ = ["routes"]
