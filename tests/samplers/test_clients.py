import contextlib
from collections.abc import Iterator

import redis

from exporter.samplers.clients.entry import parse_clients
from tests.conftest import StartServer
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer


@contextlib.contextmanager
def clients(server: RealServer, names: list[str]) -> Iterator[None]:
    connections = [redis.Redis(port=server.port, client_name=name, protocol=2) for name in names]
    for connection in connections:
        connection.ping()
    try:
        yield
    finally:
        for connection in connections:
            connection.close()


def test_connections_are_counted_and_not_listed(start_each_server: StartServer) -> None:
    server = start_each_server()

    async def scenario() -> None:
        async with sampling(server, "info", "clients") as probe:
            with clients(server, ["app", "app", "worker"]):
                await probe.run()
            assert probe.value("redis_clients_by_name", name="app") == 2.0
            assert probe.value("redis_clients_by_name", name="worker") == 1.0
            assert probe.value("redis_clients_by_name", name="redis-vigil") == 1.0
            assert probe.value("redis_clients_by_user", user="default") == probe.total(
                "redis_clients_by_name"
            )
            assert probe.value("redis_clients_by_host", host="127.0.0.1") == probe.total(
                "redis_clients_by_name"
            )
            assert probe.value("redis_clients_by_idle", idle="0s-10s") == probe.total("redis_clients_by_name")
            assert probe.total("redis_clients_by_kind") == probe.total("redis_clients_by_name")
            assert probe.value("redis_clients_listed") == 1.0
            assert "connected_client_info" not in probe.page()

    run_async(scenario)


def test_libraries_where_the_server_knows_them(start_server: StartServer) -> None:
    server = start_server()

    async def scenario() -> None:
        async with sampling(server, "clients") as probe:
            with clients(server, ["app"]):
                await probe.run()
            found = {dict(labels)["library"] for labels in probe.values("redis_clients_by_library")}
            assert found == {"redis-py", "none"}

    run_async(scenario)


def test_names_beyond_the_limit_are_summed_up(start_server: StartServer) -> None:
    server = start_server()
    names = ["often"] * 3 + [f"pod-{index}" for index in range(7)]

    async def scenario() -> None:
        async with sampling(server, "info", "clients", settings={"clients": {"max_values": 2}}) as probe:
            with clients(server, names):
                await probe.run()
            by_name = probe.values("redis_clients_by_name")
            assert by_name[(("name", "often"),)] == 3.0
            assert len(by_name) == 3
            assert (("name", "other"),) in by_name
            assert sum(by_name.values()) == probe.total("redis_clients_by_user")
            await probe.run()
            folded = probe.value("redis_vigil_folded_series_total", sampler="clients", label="name")
            assert folded is not None
            assert folded >= 7.0

    run_async(scenario)


def test_a_long_list_is_not_asked_for(start_server: StartServer) -> None:
    server = start_server()

    async def scenario() -> None:
        async with sampling(server, "info", "clients", settings={"clients": {"max_clients": 3}}) as probe:
            with clients(server, ["a", "b", "c", "d"]):
                await probe.run()
            assert probe.value("redis_clients_listed") == 0.0
            assert probe.values("redis_clients_by_name") == {}

    run_async(scenario)


def test_one_by_one_where_asked_for(start_each_server: StartServer) -> None:
    server = start_each_server()
    options = {"clients": {"per_connection": True, "include_port": True, "max_connections": 2}}

    async def scenario() -> None:
        async with sampling(server, "clients", settings=options) as probe:
            with clients(server, ["a", "b"]):
                await probe.run()
            found = probe.values("redis_connected_client_info")
            assert len(found) == 2
            labels = dict(next(iter(found)))
            assert labels["host"] == "127.0.0.1"
            assert labels["port"].isdecimal()
            assert len(probe.values("redis_connected_client_created_at_timestamp")) == 2

    run_async(scenario)


def test_lines_of_all_ages_and_kinds() -> None:
    listed = b"\n".join(
        [
            b"id=11 addr=127.0.0.1:63508 fd=8 name= age=6321 idle=6320 flags=N db=0 omem=0 cmd=setex",
            b"id=12 addr=[::1]:5 name=x age=5 idle=0 flags=S db=0 lib-name=redis-py lib-ver=5.0.1",
            b"id=13 addr=fd40:1481:21::1:44426 name=\xff age=x flags=b",
            b"id=14 addr=/tmp/redis.sock:0 flags=U",
            b"no client at all",
            b"",
        ]
    )
    found = list(parse_clients(listed))

    assert [client.host for client in found] == ["127.0.0.1", "::1", "fd40:1481:21::1", "unix"]
    assert [client.kind for client in found] == ["normal", "replica", "blocked", "normal"]
    assert found[2].text("name") == "\\xff"
    assert found[2].number("age") is None
    assert found[0].number("idle") == 6320.0
