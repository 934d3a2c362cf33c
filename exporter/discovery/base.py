"""Discoverers find servers, and make targets of the addresses that they find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from exporter.config.discovery import SeededSection
from exporter.config.naming import expand_name
from exporter.config.samplers import SamplersSection
from exporter.config.sources import SourceSection
from exporter.config.url import ServerUrl
from exporter.discovery.relabeling import Relabeling
from exporter.discovery.rewriting import address_labels, rewritten
from exporter.errors import DiscoveryError, Reason
from exporter.model.labels import Labels
from exporter.model.target import INSTANCE_LABEL, JOB_LABEL, Address, Credentials, Target, Tls

MAX_TARGETS: Final = 10_000
"""Servers of one source."""

_META: Final = "__meta_redis_"


@dataclass(frozen=True, slots=True)
class Found:
    """A server that was found, and what differs for it from `samplers` of the configuration."""

    target: Target
    samplers: SamplersSection | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """The servers of a source, and in words those that could not be used."""

    found: Sequence[Found]
    refused: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One server of a source.

    `facts` are what placeholders of the name and `__meta_redis_` labels stand for: `role`, `master_name` and
    so on. `instance` is the name that the source itself gives.
    """

    address: Address
    labels: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    instance: str = ""


class Source(Protocol):
    """Knows servers that come and go."""

    name: str
    """The name of the source in logs and metrics; without credentials."""

    @property
    def interval_seconds(self) -> float:
        """The interval at which it is asked."""
        ...

    @property
    def refused(self) -> Sequence[str]:
        """The servers of the last answer that could not be used, in words."""
        ...

    async def find(self) -> Sequence[Found]:
        """The servers as they are now; raises `VigilError` where it cannot tell."""
        ...


@dataclass(frozen=True, slots=True)
class Template:
    """Settings of all servers of a source: credentials, labels, and how they are named."""

    credentials: Credentials
    tls: Tls
    labels: Labels
    job: str = ""
    name_template: str = ""
    relabeling: Relabeling = field(default_factory=lambda: Relabeling(()))
    samplers: SamplersSection | None = None

    @classmethod
    def of(cls, section: SourceSection, url: ServerUrl | None = None) -> "Template":
        """As configured; files and variables with secrets are read now."""
        return cls(
            section.read_credentials(url),
            section.tls.to_tls(),
            Labels(section.labels),
            section.job,
            section.instance,
            Relabeling(section.relabel_configs),
        )

    @classmethod
    def of_servers(cls, section: SeededSection, url: ServerUrl | None = None) -> "Template":
        """Return the settings of servers that were found by asking others.

        User and password that no section holds come from `url`.
        """
        template = cls.of(section, url)
        access = section.server_access
        return replace(
            template,
            credentials=access.read_credentials() if access else template.credentials,
            tls=section.server_tls_options.to_tls(),
            samplers=section.servers.samplers,
        )

    def make(self, finding: Finding) -> Found | None:
        """Return the server as a target, named and labelled; None where relabelling drops it.

        The template's labels win over the found ones.

        Raises `DiscoveryError` for labels that no series can carry.
        """
        labels = self.relabeling.apply(self._labels(finding))
        if labels is None:
            return None
        before = Target(finding.address.instance, finding.address, self.credentials, self.tls, job=self.job)
        return Found(rewritten(before, labels), self.samplers)

    def make_all(self, findings: Sequence[Finding]) -> Made:
        """Those of these servers that are not left out; raises `DiscoveryError` where they are too many."""
        if len(findings) > MAX_TARGETS:
            raise DiscoveryError(f"lists more than {MAX_TARGETS:,} servers", Reason.PROTOCOL)
        found: list[Found] = []
        refused: list[str] = []
        for finding in findings:
            try:
                made = self.make(finding)
            except DiscoveryError as error:
                refused.append(str(error))
            else:
                found += [made] if made else []
        return Made(found, tuple(refused))

    def access(self, address: Address) -> Target:
        """The way to an address, for those who ask there and do not watch it."""
        return Target(address.instance, address, self.credentials, self.tls)

    def _labels(self, finding: Finding) -> Mapping[str, str]:
        """Everything that relabelling can go by."""
        address, own = finding.address, self.labels.as_dict()
        facts = {"host": address.host, "port": str(address.port), **finding.facts}
        name = finding.instance or expand_name(self.name_template, {**facts, **own})
        return {
            **({JOB_LABEL: self.job} if self.job else {}),
            **finding.labels,
            **own,
            **{f"{_META}{fact}": value for fact, value in finding.facts.items() if value},
            **address_labels(address),
            **({INSTANCE_LABEL: name} if name else {}),
        }
