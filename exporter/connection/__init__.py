"""Connections to monitored servers: redis-py and hiredis behind one facade."""

from exporter.connection.call import Reply
from exporter.connection.connection import Command, Connection, pack
from exporter.connection.lockstep import Asker, LockStep

__all__ = ["Asker", "Command", "Connection", "LockStep", "Reply", "pack"]
