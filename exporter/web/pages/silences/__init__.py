"""Silences: what is silenced, what a silence would hit, and the forms that make, extend and end one."""

from exporter.web.pages.silences.routes import routes

__all__ = ["routes"]
