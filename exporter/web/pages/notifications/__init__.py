"""Notifications: what was sent to whom, when and with what result, and why something was not sent."""

from exporter.web.pages.notifications.routes import routes

__all__ = ["routes"]
