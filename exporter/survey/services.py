"""Managed services, told apart by the names of hosts, what INFO says, and what is refused.

Sources: the field `os` of INFO is "Amazon ElastiCache" and "Amazon MemoryDB"; the services' documents name
their hosts; https://docs.cloud.google.com/memorystore/docs/redis/supported-commands and
https://redis.io/docs/latest/operate/rs/references/compatibility list what is left out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from exporter.errors import Reason
from exporter.sampling.unavailable import UnavailableCommand

_CONSOLE: Final = "ACL SETUSER is not available there: make the user in its console, with these permissions"


@dataclass(frozen=True, slots=True)
class Service:
    """A managed service: its name, and how a user with few permissions is made there."""

    name: str
    users: str = _CONSOLE


_AWS_USERS: Final = (
    "ACL SETUSER is not available there: make the user with `aws {} create-user`, whose --access-string "
    "takes the words behind the password"
)
_ELASTICACHE: Final = Service("Amazon ElastiCache", _AWS_USERS.format("elasticache"))
_MEMORYDB: Final = Service("Amazon MemoryDB", _AWS_USERS.format("memorydb"))
_AZURE: Final = Service(
    "Azure",
    "ACL SETUSER is not available there: make a data access policy with these permissions",
)
_UPSTASH: Final = Service(
    "Upstash",
    "its ACLs know no rules for subcommands, and passwords come from ACL GENTOKEN: grant whole commands",
)
_OTHER: Final = Service(
    "a managed service such as Google Memorystore, a proxy, or a server with renamed commands",
    "where ACL SETUSER is not available either, make the user in the service's console",
)
_BY_HOST: Final = tuple(
    (re.compile(rf"\.{host}\.?\Z", re.IGNORECASE), service)
    for host, service in (
        (r"memorydb\.[a-z0-9-]+\.amazonaws\.com(\.cn)?", _MEMORYDB),
        (r"cache\.amazonaws\.com(\.cn)?", _ELASTICACHE),
        (r"(redis\.cache\.windows\.net|redisenterprise\.cache\.azure\.net|redis\.azure\.net)", _AZURE),
        (r"(redislabs|redis-cloud|rlrcp)\.com", Service("Redis Cloud")),
        (r"upstash\.io", _UPSTASH),
        (r"aivencloud\.com", Service("Aiven")),
        (r"db\.ondigitalocean\.com", Service("DigitalOcean")),
    )
)
_BY_SYSTEM: Final = {"Amazon ElastiCache": _ELASTICACHE, "Amazon MemoryDB": _MEMORYDB}
# What leaves CONFIG out by its nature is no service.
_WITH_CONFIG: Final = frozenset({"redis", "valkey", "keydb"})


def service_of(
    host: str, fields: Mapping[str, str], engine: str, missing: Iterable[UnavailableCommand]
) -> Service | None:
    """Return the service that runs a server, by its host, the fields of INFO, and what it does not have.

    None where it is nobody's, as far as that can be told.
    """
    if (service := _BY_SYSTEM.get(fields.get("os", ""))) is not None:
        return service
    if fields.get("upstash_version"):
        return _UPSTASH
    for pattern, service in _BY_HOST:
        if pattern.search(host):
            return service
    unknown = {one.command.partition(" ")[0] for one in missing if one.reason is Reason.UNKNOWN_COMMAND}
    return _OTHER if "CONFIG" in unknown and engine in _WITH_CONFIG else None
