"""The keyspace in the background: which kinds of keys there are, and what they take."""

from exporter.keyspace.history import KeyspaceRecords
from exporter.keyspace.report import PassReport
from exporter.keyspace.sampler import SPEC, KeyspaceSampler

__all__ = ["SPEC", "KeyspaceRecords", "KeyspaceSampler", "PassReport"]
