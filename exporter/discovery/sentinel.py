"""Sentinel discovery finds the primaries, replicas and sentinels that sentinels monitor.

Source of the commands: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from exporter.config.discovery import MASTER_LABEL, SentinelSection
from exporter.config.url import ServerUrl
from exporter.connection import Connection
from exporter.discovery.addresses import AddressMap
from exporter.discovery.asking import Informants, require_few, text
from exporter.discovery.base import Finding, Found, Template
from exporter.errors import Reason, ReplyError, TargetError
from exporter.model.target import Address, Credentials

_MAX_HOST: Final = 255


class SentinelSource:
    """Asks one sentinel for the primaries, and for the replicas of each."""

    def __init__(self, section: SentinelSection) -> None:
        self.name = f"sentinel {', '.join(map(str, section.urls))}"
        self.interval_seconds = section.refresh_interval.seconds
        self.refused: Sequence[str] = ()
        self._wanted = frozenset(section.masters)
        self._replicas = section.replicas
        self._addresses = AddressMap(section.addresses)
        self._over_tls = section.server_tls
        self._template = Template.of_servers(section)
        access = [(_sentinel_template(section, url), url.address) for url in section.urls]
        self.informants = Informants([template.access(address) for template, address in access])
        sentinels = [template.make(Finding(at, {}, _SENTINEL_FACTS, at.instance)) for template, at in access]
        self._sentinels = [found for found in sentinels if found is not None] if section.sentinels else []

    async def find(self) -> Sequence[Found]:
        """Primaries, replicas and sentinels."""
        findings, others = await self.informants.ask(self._ask)
        self.informants.learn(others)
        made = self._template.make_all(findings)
        self.refused = made.refused
        return [*made.found, *self._sentinels]

    async def _ask(self, connection: Connection) -> tuple[Sequence[Finding], Sequence[Address]]:
        """Return the servers that a sentinel watches, and the other sentinels that watch them."""
        findings: list[Finding] = []
        others: Sequence[Address] = ()
        asked = connection.target.address
        masters = _entries(await connection.execute("SENTINEL", "MASTERS"), connection)
        require_few(len(masters), asked)
        for master in masters:
            name = master.get("name", "")
            if self._wanted and name not in self._wanted:
                continue
            findings += self._findings(name, "master", [master])
            if self._replicas:
                replicas = _entries(await connection.execute("SENTINEL", "SLAVES", name), connection)
                require_few(len(findings) + len(replicas), asked)
                findings += self._findings(name, "replica", replicas)
            others = others or await self._others(connection, name)
        return findings, others

    def _findings(self, name: str, role: str, entries: Sequence[Mapping[str, str]]) -> Sequence[Finding]:
        places = [place for entry in entries if (place := _place(entry)) is not None]
        return [self._finding(name, role, *place) for place in places]

    def _finding(self, name: str, role: str, host: str, port: int) -> Finding:
        facts = {
            "source": "sentinel",
            "master_name": name,
            "role": role,
            "announced_host": host,
            "announced_port": str(port),
        }
        return Finding(self._reach(host, port, self._over_tls), {MASTER_LABEL: name}, facts)

    def _reach(self, host: str, port: int, over_tls: bool) -> Address:
        place = self._addresses.find((host,), port) or (host, port)
        return Address(host=place[0], port=place[1], tls=over_tls)

    async def _others(self, connection: Connection, name: str) -> Sequence[Address]:
        """The other sentinels of a primary; none where it does not tell."""
        try:
            entries = _entries(await connection.execute("SENTINEL", "SENTINELS", name), connection)
        except ReplyError:
            return []
        places = [place for entry in entries if (place := _place(entry)) is not None]
        return [self._reach(host, port, connection.target.address.tls) for host, port in places]


_SENTINEL_FACTS = {"source": "sentinel", "role": "sentinel"}


def _sentinel_template(section: SentinelSection, url: ServerUrl) -> Template:
    """Return the credentials for the sentinel itself: those of its URL, not the password of the servers."""
    credentials = Credentials(url.username, url.password)
    if section.server_access is not None:
        credentials = section.read_credentials(url)
    return replace(Template.of(section), credentials=credentials)


def _entries(reply: Any, connection: Connection) -> Sequence[Mapping[str, str]]:
    """The instances in a reply; raises `TargetError` for a reply that is none."""
    if not isinstance(reply, list) or not all(isinstance(entry, list) for entry in reply):
        raise TargetError(Reason.PROTOCOL, f"{connection.target.address}: does not answer as a sentinel")
    return [_pairs(entry) for entry in reply]


def _pairs(entry: Sequence[Any]) -> Mapping[str, str]:
    return {text(name): text(value) for name, value in zip(entry[::2], entry[1::2], strict=False)}


def _place(entry: Mapping[str, str]) -> tuple[str, int] | None:
    host, port = entry.get("ip", ""), entry.get("port", "")
    if not 0 < len(host) <= _MAX_HOST or not (port.isascii() and port.isdecimal() and len(port) <= 5):
        return None
    return (host, int(port)) if 0 < int(port) < 65_536 else None
