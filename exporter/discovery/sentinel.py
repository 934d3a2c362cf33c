"""What sentinels watch.

Source of the commands: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from exporter.config.discovery import SentinelSection
from exporter.connection import Connection
from exporter.discovery.asking import ask_any, text
from exporter.discovery.base import Template
from exporter.model.target import Address, Target


class SentinelSource:
    """Asks one sentinel for the primaries, and for the replicas of each."""

    def __init__(self, section: SentinelSection) -> None:
        self.name = f"sentinel {', '.join(map(str, section.urls))}"
        self.interval_seconds = section.refresh_interval.seconds
        self._wanted = frozenset(section.masters)
        self._replicas = section.replicas
        self._template = Template.of(section)
        self._servers = [
            replace(self._template, credentials=_sentinel_access(section, index)).make(url.address, {})
            for index, url in enumerate(section.urls)
        ]
        self._watched_sentinels = self._servers if section.sentinels else []

    async def find(self) -> Sequence[Target]:
        """Primaries, replicas and sentinels."""
        found = await ask_any(self._servers, self._ask)
        return [*found, *self._watched_sentinels]

    async def _ask(self, connection: Connection) -> Sequence[Target]:
        seed = connection.target.address
        targets = []
        for entry in await connection.execute("SENTINEL", "MASTERS"):
            master = _pairs(entry)
            name = master.get("name", "")
            if self._wanted and name not in self._wanted:
                continue
            entries = [master]
            if self._replicas:
                replicas = await connection.execute("SENTINEL", "SLAVES", name)
                entries += [_pairs(replica) for replica in replicas]
            targets += [
                self._template.make(address, {"master_name": name})
                for one in entries
                if (address := _address(one, seed)) is not None
            ]
        return targets


def _sentinel_access(section: SentinelSection, index: int) -> Any:
    """What the sentinel itself is asked with: what its URL carries, not the password of the servers."""
    return SentinelSection(urls=(section.urls[index],)).read_credentials(section.urls[index])


def _pairs(entry: Sequence[Any]) -> Mapping[str, str]:
    return {text(name): text(value) for name, value in zip(entry[::2], entry[1::2], strict=False)}


def _address(entry: Mapping[str, str], seed: Address) -> Address | None:
    port = entry.get("port", "")
    if not entry.get("ip") or not port.isdecimal() or not int(port):
        return None
    return replace(seed, host=entry["ip"], port=int(port), path="", database=0)
