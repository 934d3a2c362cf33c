"""A server that was found several times, and servers that would have one name."""

import asyncio

import pytest

from exporter.connection.names import name_of
from exporter.discovery.base import Found
from exporter.discovery.identity import Identities, place_of
from exporter.discovery.merging import merge, name_apart
from exporter.model.target import Address, Target
from tests.conftest import StartServer
from tests.servers import free_port


def target(name: str, host: str = "", **address: object) -> Target:
    return Target(name, Address(host or name, **address))  # type: ignore[arg-type]


def found(name: str, host: str = "", **address: object) -> Found:
    return Found(target(name, host, **address))


def names(servers: object) -> list[str]:
    assert isinstance(servers, list | tuple)
    return [one.target.instance for one in servers]


RUN_IDS = {"vip": "1", "10.0.0.1": "1", "10.0.0.2": "2", "redis-2": "2", "down": ""}


def identity(one: Target) -> str:
    return RUN_IDS.get(one.address.host, "")


def test_each_server_once_under_the_configured_name() -> None:
    configured = [target("main", "vip")]
    servers = [found("a", "10.0.0.1"), found("b", "10.0.0.2"), found("b2", "redis-2"), found("c", "down")]
    assert names(merge(configured, servers, identity)) == ["b", "c"]


def test_one_address_is_one_server_whether_it_answers_or_not() -> None:
    configured = [target("main", "down", database=3)]
    servers = [found("a", "DOWN", tls=True), found("b", "else"), found("c", "else", database=1)]
    assert names(merge(configured, servers, identity)) == ["b"]
    sockets = [target("s", path="/run/a"), target("t", path="/run/b")]
    assert names(merge(sockets[:1], [Found(one) for one in sockets], identity)) == ["t"]


@pytest.mark.parametrize(
    ("addresses", "watched"),
    [
        (("10.0.0.9",), ["other"]),
        # Several servers behind one name: which of them is meant, nobody knows.
        (("10.0.0.9", "10.0.0.8"), ["nine", "other"]),
        (("127.0.0.1", "::1"), ["nine", "other"]),
        ((), ["nine", "other"]),
    ],
)
def test_where_nobody_answers_the_addresses_of_a_name_tell(
    addresses: tuple[str, ...], watched: list[str]
) -> None:
    host = f"name-{len(addresses)}-{'-'.join(addresses)}.test"
    name_of(host).note(addresses, 0.0)
    servers = [found("nine", "10.0.0.9"), found("other", "10.0.0.7")]
    assert names(merge([target("main", host)], servers, identity)) == watched
    # Who says to be another one is another one.
    RUN_IDS[host] = "main"
    RUN_IDS["10.0.0.9"] = "nine"
    try:
        assert names(merge([target("main", host)], servers, identity)) == ["nine", "other"]
    finally:
        del RUN_IDS[host], RUN_IDS["10.0.0.9"]


def test_servers_of_one_name_are_told_apart_by_their_addresses() -> None:
    servers = [found("replica", "c"), found("replica", "a"), found("replica-2", "x"), found("replica", "b")]
    assert names(name_apart(servers)) == ["replica-4", "replica", "replica-2", "replica-3"]
    assert names(name_apart(list(reversed(servers)))) == ["replica-3", "replica-2", "replica", "replica-4"]


def test_who_comes_or_goes_changes_the_name_of_nobody_else() -> None:
    before = {place_of(Address(host, 6379)): name for host, name in (("b", "m"), ("d", "m-2"), ("e", "m-3"))}
    servers = [found("m", host) for host in ("a", "b", "c", "d", "e")]
    assert names(name_apart(servers, (), before)) == ["m-4", "m", "m-5", "m-2", "m-3"]
    # There are no numbers without those before them: the last one takes the place of one that is gone.
    assert names(name_apart([servers[1], servers[4]], (), before)) == ["m", "m-2"]
    assert names(name_apart([servers[0], servers[3]], (), before)) == ["m", "m-2"]
    # What was another name than that of its template now, as after a failover, is none to be kept.
    assert names(name_apart([found("r", "b"), found("m", "a")], (), before)) == ["r", "m"]


def test_run_ids_matter_when_they_change_or_are_shared() -> None:
    identities = Identities()
    one, other = target("one"), target("other")
    first, second = "0123456789" * 4, "abcdef0123" * 4
    assert not identities.note(one, first)
    assert not identities.note(one, first)
    assert identities.note(other, first)
    assert identities.note(one, second)
    # No run ids of Redis: they tell nothing.
    for nothing in ("", "0" * 40, "abc"):
        assert not identities.note(target("new"), nothing)
        assert identities.of(target("new")) == ""
    identities.forget([one])
    assert identities.of(one) == ""
    identities.keep_only([one])
    assert identities.of(other) == ""


def test_servers_say_who_they_are(start_server: StartServer) -> None:
    server = start_server()
    by_name = Target("a", Address("localhost", server.port))
    by_address = Target("b", Address("127.0.0.1", server.port))
    nobody = Target("c", Address("127.0.0.1", free_port()))
    identities = Identities()
    asyncio.run(identities.ask([by_name, by_address, nobody]))
    assert identities.of(by_name) == identities.of(by_address) == server.client.info("server")["run_id"]
    assert identities.of(nobody) == ""
    server.command("ACL", "SETUSER", "default", "-info")
    refused = Identities()
    asyncio.run(refused.ask([by_name]))
    assert refused.of(by_name) == ""


def test_who_hangs_is_not_waited_for(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.discovery.identity._ROUND_SECONDS", 0.2)
    server = start_server()
    with server.paused():
        identities = Identities()
        asyncio.run(identities.ask([Target("a", Address("127.0.0.1", server.port))]))
    assert identities.of(Target("a", Address("127.0.0.1", server.port))) == ""
