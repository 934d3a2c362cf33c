"""INFO: parsed once, exposed under redis_exporter's names."""

from exporter.samplers.info.sampler import SPEC

__all__ = ["SPEC"]
