"""Connections of a server, in aggregate and, if asked for, one by one."""

from exporter.samplers.clients.sampler import SPEC

__all__ = ["SPEC"]
