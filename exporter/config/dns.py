"""`discovery.dns`: servers that records in DNS name."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from exporter.config.addresses import parse_place
from exporter.config.fields import Duration, PositiveDuration
from exporter.config.sources import AddressedSection
from exporter.errors import Problem

_NAME: Final = re.compile(r"(?=.{1,253}\.?$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})\.)*[A-Za-z0-9_-]{1,63}\.?")


def _dns_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f'"{text}" is not a name in DNS, such as _redis._tcp.example.com')
    return text


def _nameserver(text: str) -> str:
    host, _ = parse_place(text)
    try:
        ip_address(host)
    except ValueError:
        raise ValueError(f'"{text}" must be an address with or without a port, as 127.0.0.1:8600') from None
    return text


_DnsName = Annotated[str, AfterValidator(_dns_name)]
_Nameserver = Annotated[str, AfterValidator(_nameserver)]


class DnsSection(AddressedSection):
    """Records in DNS, as Prometheus' dns_sd: those that a name has are the servers."""

    names: Annotated[
        tuple[Annotated[str, AfterValidator(_dns_name)], ...], Field(min_length=1, max_length=100)
    ]
    """What is asked for; a name without a dot at its end also in the domains of `search` in resolv.conf."""
    type: Literal["SRV", "A", "AAAA"] = "SRV"
    """Which records: `SRV` tell hosts and ports, `A` and `AAAA` addresses, all at one `port`."""
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """The port of the servers that A and AAAA records name; 6379 where it is not given."""
    nameservers: tuple[_Nameserver, ...] = ()
    """Whom to ask instead of those in resolv.conf, as addresses with or without a port; Consul's DNS is
    `127.0.0.1:8600`."""
    refresh_interval: PositiveDuration = Duration(30_000)
    """How often they are asked."""

    def _problems(self) -> Iterator[Problem]:
        yield from super()._problems()
        if self.type == "SRV" and self.port is not None:
            yield Problem(("port",), "has no effect with type SRV, whose records tell the ports")
