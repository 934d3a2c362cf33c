"""The rules, by groups: how their evaluations go, and what they find."""

from exporter.web.pages.rules.routes import routes

__all__ = ["routes"]
