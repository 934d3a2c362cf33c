"""A server with the recorded keys of a real framework."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.queues import recorded
from tests.servers import RealServer

Load = Callable[[Path], dict[str, Any]]


@pytest.fixture
def raw_client(empty_server: RealServer) -> Iterator["redis.Redis"]:
    """A client of the empty server that leaves bytes alone."""
    client = redis.Redis(port=empty_server.port, protocol=2)
    yield client
    client.close()


@pytest.fixture
def load_dump(raw_client: "redis.Redis") -> Iterator[Load]:
    """Puts a dump into the server, with connections of the names it was recorded with; what was expected."""
    connections: list[redis.Redis] = []

    def load(path: Path) -> dict[str, Any]:
        document = recorded.load(path)
        recorded.restore(document, raw_client)
        port = raw_client.connection_pool.connection_kwargs["port"]
        for name in document["clients"]:
            connections.append(redis.Redis(port=port, client_name=name, protocol=2))
            connections[-1].ping()
        expected: dict[str, Any] = document["expected"]
        return expected

    yield load
    for connection in connections:
        connection.close()
