"""Which managed service runs a server, by what it says and leaves out."""

import pytest

from exporter.errors import Reason
from exporter.sampling.unavailable import UnavailableCommand
from exporter.survey.services import service_of

_NO_CONFIG = [UnavailableCommand("CONFIG GET maxmemory", ("config",), Reason.UNKNOWN_COMMAND, "ERR")]
_DENIED = [UnavailableCommand("CONFIG GET maxmemory", ("config",), Reason.PERMISSION, "NOPERM")]


@pytest.mark.parametrize(
    ("host", "fields", "name"),
    [
        ("10.0.0.5", {"os": "Amazon ElastiCache"}, "Amazon ElastiCache"),
        ("10.0.0.5", {"os": "Amazon MemoryDB"}, "Amazon MemoryDB"),
        ("m.abcdef.0001.euc1.cache.amazonaws.com", {}, "Amazon ElastiCache"),
        ("clustercfg.m.abcdef.memorydb.eu-central-1.amazonaws.com", {}, "Amazon MemoryDB"),
        ("shop.redis.cache.windows.net", {}, "Azure"),
        ("shop.westeurope.redis.azure.net", {}, "Azure"),
        ("redis-17.c1.eu-west-1-1.ec2.redis-cloud.com", {}, "Redis Cloud"),
        ("calm-newt-1.upstash.io", {}, "Upstash"),
        ("10.0.0.5", {"upstash_version": "1.2.0"}, "Upstash"),
        ("cache-1.a.aivencloud.com", {}, "Aiven"),
    ],
)
def test_a_service_is_known_by_its_host_or_by_info(host: str, fields: dict[str, str], name: str) -> None:
    service = service_of(host, fields, "redis", ())
    assert service is not None
    assert service.name == name
    assert service.users


def test_a_server_of_ones_own_is_nobodys() -> None:
    assert service_of("cache.example.com", {"os": "Linux 6.1"}, "valkey", ()) is None
    assert service_of("cache.amazonaws.com.example.com", {}, "redis", ()) is None
    assert service_of("10.0.0.5", {}, "redis", _DENIED) is None


def test_without_config_it_is_a_service_that_is_not_known() -> None:
    service = service_of("10.0.0.5", {}, "redis", _NO_CONFIG)
    assert service is not None
    assert "Google Memorystore" in service.name
    assert service_of("10.0.0.5", {}, "kvrocks", _NO_CONFIG) is None
