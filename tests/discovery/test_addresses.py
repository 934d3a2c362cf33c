"""From announced to reachable addresses."""

import pytest
from pydantic import ValidationError

from exporter.config.addresses import parse_place
from exporter.config.discovery import ClusterSection
from exporter.discovery.addresses import AddressMap

MAP = AddressMap(
    {
        "10.0.0.5:6379": "redis-1.example.com:16379",
        "10.0.0.6": "redis-2.example.com",
        "Redis-3.internal": "127.0.0.1:7003",
        "[2001:db8::1]:6379": "[::1]:7004",
    }
)


@pytest.mark.parametrize(
    ("hosts", "port", "place"),
    [
        (["10.0.0.5"], 6379, ("redis-1.example.com", 16379)),
        (["10.0.0.5"], 6380, None),
        (["10.0.0.6"], 6380, ("redis-2.example.com", 6380)),
        (["redis-3.INTERNAL"], 1, ("127.0.0.1", 7003)),
        (["2001:db8::1"], 6379, ("::1", 7004)),
        # Known by an IP address too; an entry with the port goes first.
        (["10.0.0.6", "10.0.0.5"], 6379, ("redis-1.example.com", 16379)),
        ([""], 6379, None),
    ],
)
def test_where_a_server_is_reached(hosts: list[str], port: int, place: tuple[str, int] | None) -> None:
    assert MAP.find(hosts, port) == place


@pytest.mark.parametrize("text", ["", "h:", "h:0", "h:65536", "redis://h:1", "user@h", "a b", "h:x", "[h]:1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address: write host:port"):
        parse_place(text)


def test_a_bad_entry_is_named() -> None:
    section = {"urls": ("redis://h",), "addresses": {"10.0.0.5:6379": "h:x"}}
    with pytest.raises(ValidationError, match=r'10\.0\.0\.5:6379: "h:x" is not an address'):
        ClusterSection.model_validate(section)
