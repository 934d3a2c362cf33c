"""Servers that records in DNS name, told by a real name server on loopback."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dns.rcode
import pytest
from pydantic import ValidationError

from exporter.config.dns import DnsSection
from exporter.discovery import dns_records
from exporter.discovery.dns import DnsSource
from exporter.discovery.dns_records import look_up_records
from exporter.discovery.manager import Discovery
from exporter.errors import DiscoveryError, Reason
from exporter.model.labels import Labels
from exporter.model.target import Address, Target
from tests.name_server import NameServer, deaf_port, name_server

SRV = "_redis._tcp.example.com"


@pytest.fixture
def server() -> Iterator[NameServer]:
    with name_server() as state:
        yield state


def source(server: NameServer | str, *names: str, **options: Any) -> DnsSource:
    address = server if isinstance(server, str) else server.address
    section = {"names": names or (SRV,), "nameservers": (address,), **options}
    return DnsSource(DnsSection.model_validate(section))


def find(source: DnsSource) -> Sequence[Target]:
    return [found.target for found in asyncio.run(source.find())]


def test_srv_records_tell_hosts_and_ports(server: NameServer) -> None:
    server.records[SRV, "SRV"] = ["1 1 7001 redis-2.example.com.", "1 9 7000 redis-1.example.com."]
    relabeling = [
        {"source_labels": ["__meta_dns_name"], "target_label": "zone"},
        {"source_labels": ["__meta_dns_srv_record_target"], "target_label": "record"},
        {"source_labels": ["__meta_dns_srv_record_port"], "target_label": "told_port"},
    ]
    first, second = find(source(server, labels={"env": "prod"}, relabel_configs=relabeling, password="pa55"))
    assert (first.address, second.address) == (
        Address("redis-1.example.com", 7000),
        Address("redis-2.example.com", 7001),
    )
    assert first.labels == Labels(
        {"env": "prod", "zone": SRV, "record": "redis-1.example.com.", "told_port": "7000"}
    )
    assert first.credentials.password.reveal() == "pa55"
    assert server.asked == [(SRV, "SRV")]


@pytest.mark.parametrize(
    ("kind", "address", "options", "wanted"),
    [
        ("A", "10.1.2.3", {}, Address("10.1.2.3", 6379)),
        ("A", "10.1.2.3", {"port": 7000, "scheme": "rediss"}, Address("10.1.2.3", 7000, tls=True)),
        ("AAAA", "fd00::5", {}, Address("fd00::5", 6379)),
    ],
)
def test_addresses(
    server: NameServer, kind: str, address: str, options: dict[str, Any], wanted: Address
) -> None:
    server.records["redis.example.com", kind] = [address]
    (target,) = find(source(server, "redis.example.com", type=kind, **options))
    assert target.address == wanted


def test_an_answer_too_long_for_udp_comes_by_tcp(server: NameServer) -> None:
    server.records["redis.example.com", "A"] = [f"10.0.{i // 250}.{i % 250}" for i in range(2_000)]
    assert len(find(source(server, "redis.example.com", type="A"))) == 2_000
    assert server.over_tcp == 1


def test_a_name_that_is_gone_names_nobody_and_is_said(server: NameServer) -> None:
    server.records[SRV, "SRV"] = ["1 1 7000 redis-1.example.com."]
    one = source(server)
    assert len(find(one)) == 1
    server.records.clear()
    assert find(one) == []
    assert one.refused == (f"{SRV}: there is no such name",)
    server.records[SRV, "SRV"] = []
    assert find(one) == []
    assert not one.refused


def test_no_service_and_what_cannot_be_an_address(server: NameServer) -> None:
    server.records[SRV, "SRV"] = ["0 0 0 .", "0 0 7000 a\\032b.example.com.", "0 0 7001 good.example.com."]
    one = source(server)
    assert [target.instance for target in find(one)] == ["good.example.com:7001"]
    assert len(one.refused) == 1
    assert "a host that no host can be called" in one.refused[0]


def test_a_name_that_cannot_be_looked_up_keeps_its_servers(server: NameServer) -> None:
    server.records["one.example.com", "A"] = ["10.0.0.1"]
    server.records["two.example.com", "A"] = ["10.0.0.2"]
    one = source(server, "one.example.com", "two.example.com", type="A")
    assert len(find(one)) == 2
    server.rcode = dns.rcode.SERVFAIL
    with pytest.raises(DiscoveryError, match=r"no name server has an answer.*SERVFAIL"):
        find(one)


def test_one_of_two_names_fails(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.records["one.example.com", "A"] = ["10.0.0.1"]
    server.records["two.example.com", "A"] = ["10.0.0.2"]
    one = source(server, "one.example.com", "two.example.com", type="A")
    find(one)

    def look_up(name: str, *args: Any) -> Any:
        if name.startswith("one"):
            raise DiscoveryError("one.example.com: nobody knows", Reason.UNREACHABLE)
        return look_up_records(name, *args)

    monkeypatch.setattr("exporter.discovery.dns.look_up_records", look_up)
    server.records["two.example.com", "A"] = ["10.0.0.3"]
    assert [target.address.host for target in find(one)] == ["10.0.0.1", "10.0.0.3"]
    assert one.refused == ("one.example.com: nobody knows",)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_records, "DEADLINE_SECONDS", 0.5)
    with deaf_port() as address:
        began = time.monotonic()
        with pytest.raises(DiscoveryError, match="no name server answers in time") as caught:
            find(source(address))
    assert caught.value.reason is Reason.TIMEOUT
    assert time.monotonic() - began < 5


def test_garbage(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_records, "DEADLINE_SECONDS", 0.5)
    server.garbage = b"\xff" * 300
    with pytest.raises(DiscoveryError):
        find(source(server))


def test_a_long_answer_does_not_hold_the_loop(server: NameServer) -> None:
    server.records["redis.example.com", "A"] = [f"10.{i >> 8}.{i & 255}.9" for i in range(3_900)]
    late: list[float] = []

    async def story() -> None:
        task = asyncio.create_task(source(server, "redis.example.com", type="A").find())
        while not task.done():
            before = time.monotonic()
            await asyncio.sleep(0.005)
            late.append(time.monotonic() - before)
        assert len(await task) == 3_900

    asyncio.run(story())
    # Parsing it takes a fifth of a second of CPU time alone.
    assert sorted(late)[len(late) // 2] < 0.1
    assert len(late) > 5


def test_resolv_conf_is_read_each_time(tmp_path: Path, server: NameServer) -> None:
    path = tmp_path / "resolv.conf"
    with pytest.raises(DiscoveryError, match="names no name server"):
        look_up_records("redis", "A", resolv_conf=str(path))
    path.write_text("nameserver 127.0.0.1\nsearch example.com\noptions timeout:60\n")
    resolver = dns_records._resolver((), str(path))
    assert resolver.timeout == 2.0
    assert [str(name) for name in resolver.search] == ["example.com."]
    assert [one.address for one in resolver._enrich_nameservers(resolver.nameservers, {}, 53)] == [
        "127.0.0.1"
    ]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"names": []}, "at least 1"),
        ({"names": ["redis://host"]}, "is not a name in DNS"),
        ({"names": ["a" * 64 + ".com"]}, "is not a name in DNS"),
        ({"names": [SRV], "port": 7}, "no effect with type SRV"),
        ({"names": [SRV], "nameservers": ["dns.example.com"]}, "must be an address"),
        ({"names": [SRV], "tls": {"insecure_skip_verify": True}}, "needs scheme: rediss"),
        ({"names": [SRV], "type": "MX"}, "'SRV', 'A' or 'AAAA'"),
    ],
)
def test_mistakes(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DnsSection.model_validate(section)
    assert message in str(caught.value)


def test_the_daemon_keeps_servers_while_dns_fails(server: NameServer) -> None:
    server.records[SRV, "SRV"] = ["1 1 7000 redis-1.example.com."]
    one = source(server)

    async def story() -> None:
        discovery = Discovery([one], lambda: None)
        await discovery._refresh(0, one)
        server.rcode = dns.rcode.REFUSED
        await discovery._refresh(0, one)
        assert [found.target.instance for found in discovery.found] == ["redis-1.example.com:7000"]
        assert discovery.problems == {one.name: Reason.UNREACHABLE}

    asyncio.run(story())
