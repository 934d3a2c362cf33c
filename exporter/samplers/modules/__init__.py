"""Loaded modules: what they say in INFO, and search indexes."""

from exporter.samplers.modules.sampler import SPEC

__all__ = ["SPEC"]
