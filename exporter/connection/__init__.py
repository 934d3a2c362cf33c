"""Connections to monitored servers: redis-py and hiredis behind one facade."""

from exporter.connection.connection import Command, Connection, Reply, pack

__all__ = ["Command", "Connection", "Reply", "pack"]
