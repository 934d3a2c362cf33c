"""Connections to monitored servers: redis-py and hiredis behind one facade."""

from exporter.connection.command import Argument, Command, pack
from exporter.connection.connection import Connection
from exporter.connection.pipelined import Client, PipelinedRunner
from exporter.connection.request import Reply, split_replies, value_of

__all__ = [
    "Argument",
    "Client",
    "Command",
    "Connection",
    "PipelinedRunner",
    "Reply",
    "pack",
    "split_replies",
    "value_of",
]
