"""The overview: whether anybody is needed, what is wrong, and how every server is."""

from exporter.web.pages.overview.routes import routes

__all__ = ["routes"]
