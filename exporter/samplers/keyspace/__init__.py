"""The keyspace in the background: which kinds of keys there are, and what they take."""

from exporter.samplers.keyspace.history import KeyspaceRecords
from exporter.samplers.keyspace.report import PassReport
from exporter.samplers.keyspace.sampler import SPEC, KeyspaceSampler

__all__ = ["SPEC", "KeyspaceRecords", "KeyspaceSampler", "PassReport"]
