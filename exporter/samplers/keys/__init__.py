"""Keys that the configuration names: their sizes, values and numbers."""

from exporter.samplers.keys.sampler import SPEC, KeysSampler

__all__ = ["SPEC", "KeysSampler"]
