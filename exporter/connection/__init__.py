"""Connections to monitored servers: redis-py and hiredis behind one facade."""

from exporter.connection.call import Reply
from exporter.connection.command import Command, pack
from exporter.connection.connection import Connection
from exporter.connection.lockstep import Asker, LockStep

__all__ = ["Asker", "Command", "Connection", "LockStep", "Reply", "pack"]
