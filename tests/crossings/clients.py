"""Connections."""

import contextlib
import socket
from collections.abc import AsyncGenerator
from typing import Final

from tests.crossings.stage import REDIS_6, Scene, Stage, Within
from tests.servers import RealServer


def _connect(stack: contextlib.ExitStack, server: RealServer, count: int, said: bytes = b"") -> None:
    """Open connections, and say something on each."""
    for _ in range(count):
        client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        client.sendall(said or b"PING\r\n")
        if not said:
            client.recv(100)


async def _clients_high(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxclients", "100")
    yield
    with contextlib.ExitStack() as stack:
        _connect(stack, server, 85)
        yield


async def _connections_rejected(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--maxclients", "50")
    server.command("PING")
    yield
    with contextlib.ExitStack() as stack:
        _connect(stack, server, 60)
    yield


async def _clients_blocked(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched()
    yield
    with contextlib.ExitStack() as stack:
        _connect(stack, server, 110, b"BLPOP nothing 0\r\n")
        yield


async def _clients_dropped(stage: Stage) -> AsyncGenerator[None]:
    server = stage.watched("--client-query-buffer-limit", "1mb")
    yield
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        _connect(stack, server, 1, b"*2\r\n$3\r\nGET\r\n$3000000\r\n" + b"x" * 2_500_000)
    yield


SCENES: Final = (
    Scene("85 of 100 connections are in use", _clients_high, {"RedisClientsHigh": Within("3m", "3m")}),
    Scene(
        "more connections are opened than maxclients allows",
        _connections_rejected,
        {"RedisConnectionsRejected": Within("1m", "6m")},
        REDIS_6,
    ),
    Scene(
        "110 clients wait in BLPOP",
        _clients_blocked,
        {"RedisClientsBlocked": Within("11m", "3m")},
        REDIS_6,
    ),
    Scene(
        "a client sends more than client-query-buffer-limit",
        _clients_dropped,
        {"RedisClientsDropped": Within("1m", "11m")},
    ),
)
