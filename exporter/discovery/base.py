"""What finds servers, and how a found address becomes a target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.config.discovery import SourceSection
from exporter.config.url import ServerUrl
from exporter.model.labels import Labels
from exporter.model.target import Address, Credentials, Target, Tls


class Source(Protocol):
    """Knows servers that come and go."""

    @property
    def name(self) -> str:
        """What it is called in logs and metrics; without credentials."""
        ...

    @property
    def interval_seconds(self) -> float:
        """How often it wants to be asked."""
        ...

    async def find(self) -> Sequence[Target]:
        """The servers as they are now; raises `VigilError` where it cannot tell."""
        ...


@dataclass(frozen=True, slots=True)
class Template:
    """What all servers of a source have in common."""

    credentials: Credentials
    tls: Tls
    labels: Labels
    job: str = ""

    @classmethod
    def of(cls, section: SourceSection, url: ServerUrl | None = None) -> "Template":
        """As configured; files and variables with secrets are read now."""
        return cls(section.read_credentials(url), section.tls.to_tls(), Labels(section.labels), section.job)

    def make(self, address: Address, labels: Mapping[str, str], *, instance: str = "") -> Target:
        """The target at an address; the template's labels win over the found ones."""
        return Target(
            instance=instance or address.instance,
            address=address,
            credentials=self.credentials,
            tls=self.tls,
            labels=Labels({**labels, **self.labels.as_dict()}),
            job=self.job,
        )
