import contextlib
from collections.abc import Iterator

import pytest
import redis

from exporter.samplers.clients.entry import ClientList, host_of, kind_of, port_of
from tests.conftest import StartServer
from tests.samplers.canned import canned_server
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
            assert probe.value("redis_clients_listed") == probe.total("redis_clients_by_name")
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


def test_columns() -> None:
    listed = b"\n".join(
        [
            b"id=11 addr=127.0.0.1:63508 fd=8 name= age=6321 idle=6320 flags=N db=0 omem=5 lib-name=redis-py",
            b"id=12 addr=[::1]:5 fd=9 name=\xff age=5 idle=x flags=S db=0 omem=7 lib-name=",
            b"id=13 of another make",
            b"no client at all",
            b"",
        ]
    )
    found = ClientList(listed, 100)

    assert len(found) == 2
    assert found.texts("name") == ["", "\\xff"]
    assert found.numbers("idle") == [6320.0]
    assert found.numbers("tot-mem") == []
    assert found.texts("tot-mem") == ["", ""]
    assert "lib-name" in found
    assert next(found.fields(1))["age"] == "6321"
    assert found.counts("name") == {"": 1, "\\xff": 1}
    assert len(ClientList(b"", 100)) == 0


def test_lines_that_differ_in_their_fields() -> None:
    """Dragonfly leaves out what there is nothing to say of; lines may still have as many fields."""
    same_length = ClientList(
        b"id=1 addr=10.0.0.1:5 name=api tls=TLSv1.3 age=5 idle=1 db=0\r\n"
        b"id=2 addr=10.0.0.2:6 name=batch pipeline=6 age=7 idle=0 db=1\r\n",
        100,
    )
    other_length = ClientList(
        b"id=1 addr=10.0.0.1:5 name=api age=5\n"
        b"id=2 lib-name=redis-py addr=10.0.0.2:6 age=7 name=batch omem=3\n",
        100,
    )
    without_ids = ClientList(b"addr=10.0.0.1:5 fd=7 idle=3 flags=N db=0 sub=0\n", 100)

    for found in (same_length, other_length):
        assert found.texts("name") == ["api", "batch"]
        assert found.texts("addr") == ["10.0.0.1:5", "10.0.0.2:6"]
        assert found.numbers("age") == [5.0, 7.0]
    assert same_length.texts("tls") == ["TLSv1.3", ""]
    assert same_length.texts("db") == ["0", "1"]
    assert other_length.numbers("omem") == [3.0]
    assert list(other_length.fields(2))[1]["lib-name"] == "redis-py"
    assert without_ids.numbers("idle") == [3.0]


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:63508", "127.0.0.1", "63508"),
        ("[::1]:5", "::1", "5"),
        ("fd40:1481:21::1:44426", "fd40:1481:21::1", "44426"),
        ("/tmp/redis.sock:0", "unix", ""),
    ],
)
def test_addresses(address: str, host: str, port: str) -> None:
    assert (host_of(address), port_of(address)) == (host, port)


def test_a_list_without_end_is_read_in_part() -> None:
    line = b"id=1 addr=10.0.0.1:5 idle=3 db=1 "
    assert len(ClientList((line + b"\n") * 500, 100)) == 100
    cut = ClientList((line + b"x" * 1_500 + b"\n") * 500, 100)
    assert 50 < len(cut) < 100
    assert cut.texts("db") == ["1"] * len(cut)
    assert len(ClientList(line * 100_000, 100)) == 0


@pytest.mark.parametrize(
    ("flags", "kind"),
    [("N", "normal"), ("S", "replica"), ("Sb", "replica"), ("b", "blocked"), ("P", "pubsub")],
)
def test_kinds(flags: str, kind: str) -> None:
    assert kind_of(flags) == kind


def test_a_list_that_is_long_is_asked_for_less_often() -> None:
    line = b"id=%d addr=1.1.1.1:1 name=a age=1 idle=0 flags=N db=0"
    replies = {"CLIENT LIST": b"\n".join(line % number for number in range(600))}

    async def scenario() -> None:
        async with canned_server(replies) as port, sampling(port, "clients") as probe:
            counts = []
            for number in (600, 1, 1, 1):
                replies["CLIENT LIST"] = b"\n".join(line % index for index in range(number))
                await probe.run()
                counts.append(probe.value("redis_clients_by_name", name="a"))
            assert counts == [600.0, 600.0, 600.0, 1.0]

    run_async(scenario)
