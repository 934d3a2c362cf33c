"""Connections to monitored servers: redis-py and hiredis behind one facade."""

from exporter.connection.command import Command, pack
from exporter.connection.connection import Connection
from exporter.connection.pipelined import Client, PipelinedRunner
from exporter.connection.request import Reply

__all__ = ["Client", "Command", "Connection", "PipelinedRunner", "Reply", "pack"]
