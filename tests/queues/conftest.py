"""A server with the recorded keys of a real framework."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.fake_server import AnyServer
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
def either_client(either_server: AnyServer) -> Iterator["redis.Redis"]:
    """Like `raw_client`, of a server of fakeredis and of a real one."""
    client = redis.Redis(port=either_server.port, protocol=2)
    yield client
    client.close()


@pytest.fixture
def load_dump(raw_client: "redis.Redis") -> Iterator[Load]:
    """Puts a dump into the server, with connections of the names it was recorded with; what was expected."""
    with _loading(raw_client) as load:
        yield load


@pytest.fixture
def load_either_dump(either_client: "redis.Redis") -> Iterator[Load]:
    """Like `load_dump`, of a server of fakeredis and of a real one."""
    with _loading(either_client) as load:
        yield load


@contextmanager
def _loading(client: "redis.Redis") -> Iterator[Load]:
    connections: list[redis.Redis] = []

    def load(path: Path) -> dict[str, Any]:
        document = recorded.load(path)
        recorded.restore(document, client)
        port = client.connection_pool.connection_kwargs["port"]
        for name in document["clients"]:
            connections.append(redis.Redis(port=port, client_name=name, protocol=2))
            connections[-1].ping()
        expected: dict[str, Any] = document["expected"]
        return expected

    yield load
    for connection in connections:
        connection.close()
