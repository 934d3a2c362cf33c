"""Servers that records in DNS name.

Source of the meta labels: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#dns_sd_config.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from exporter.config.dns import DnsSection
from exporter.config.url import DEFAULT_PORT, parse_server_url
from exporter.connection.names import ask_in_thread
from exporter.discovery.base import Finding, Found, Template
from exporter.discovery.dns_records import DEADLINE_SECONDS, Record, look_up_records
from exporter.errors import DiscoveryError, Reason

_META: Final = "__meta_dns_"
# Besides the deadline of the look-up itself: a thread may have to be waited for.
_PATIENCE_SECONDS: Final = DEADLINE_SECONDS + 5.0


class DnsSource:
    """Looks all names up, each apart: one that cannot be looked up keeps the servers that it named last.

    A name that does not exist names no servers, as in Prometheus; `refused` says so.
    """

    def __init__(self, section: DnsSection) -> None:
        self.name = f"dns {section.type} {', '.join(section.names)}"
        self.interval_seconds = section.refresh_interval.seconds
        self.refused: Sequence[str] = ()
        self._names = section.names
        self._kind = section.type
        self._port = section.port or DEFAULT_PORT
        self._scheme = section.scheme
        self._nameservers = section.nameservers
        self._template = Template.of(section)
        self._known: dict[str, Sequence[Record]] = {}

    async def find(self) -> Sequence[Found]:
        """The servers of all names; raises `DiscoveryError` where none of them can be looked up."""
        answers = await asyncio.gather(*map(self._look_up, self._names), return_exceptions=True)
        failures: list[str] = []
        for name, answer in zip(self._names, answers, strict=True):
            if isinstance(answer, DiscoveryError):
                failures.append(str(answer))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                self._known[name] = answer or ()
                failures += [] if answer is not None else [f"{name}: there is no such name"]
        if all(isinstance(answer, DiscoveryError) for answer in answers):
            raise next(answer for answer in answers if isinstance(answer, DiscoveryError))
        findings, refused = self._findings()
        # Apart from the event loop: a name may stand for thousands.
        made = await asyncio.to_thread(self._template.make_all, findings)
        self.refused = (*failures, *refused, *made.refused)
        return made.found

    async def _look_up(self, name: str) -> Sequence[Record] | None:
        question = partial(look_up_records, name, self._kind, self._nameservers)
        try:
            return await ask_in_thread("discovery", question, _PATIENCE_SECONDS)
        except TimeoutError:
            raise DiscoveryError(f"{name}: no name server answers in time", Reason.TIMEOUT) from None

    def _findings(self) -> tuple[Sequence[Finding], Sequence[str]]:
        """The servers that all names stand for, and in words the records that name none."""
        findings: list[Finding] = []
        refused: list[str] = []
        for name in self._names:
            for record in self._known.get(name, ()):
                try:
                    findings += self._finding(name, record)
                except ValueError as error:
                    refused.append(f"{name}: a record names {record.host[:64]!r}, which {error}")
        return findings, refused

    def _finding(self, name: str, record: Record) -> Sequence[Finding]:
        """Return the server of a record; none where it says that there is no service (RFC 2782: `.`)."""
        host, port = record.host.rstrip("."), record.port or self._port
        if not host or (self._kind == "SRV" and not record.port):
            return []
        shown = f"[{host}]" if ":" in host else host
        address = parse_server_url(f"{self._scheme}://{shown}:{port}").address
        return [Finding(address, {f"{_META}name": name, **self._meta(record)})]

    def _meta(self, record: Record) -> Mapping[str, str]:
        if self._kind != "SRV":
            return {}
        return {f"{_META}srv_record_target": record.host, f"{_META}srv_record_port": str(record.port)}
