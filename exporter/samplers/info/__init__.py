"""The INFO sampler: parses the reply once, and shows it under redis_exporter's names."""

from exporter.samplers.info.sampler import SPEC

__all__ = ["SPEC"]
