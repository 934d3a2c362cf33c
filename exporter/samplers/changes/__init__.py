"""Changes that people make on a server, as events."""

from exporter.samplers.changes.sampler import SPEC

__all__ = ["SPEC"]
