"""Alerts: `/alerts`, grouped as they are notified, and a page for each, which messages lead to."""

from exporter.web.pages.alerts.routes import routes

__all__ = ["routes"]
