"""Names of others, as templates may show them."""

from exporter.model.visible import shorten, visible

__all__ = ["shorten", "visible"]
