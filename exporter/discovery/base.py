"""Discoverers find servers, and make targets of the addresses that they find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from exporter.config.discovery import SeededSection
from exporter.config.naming import expand_name
from exporter.config.samplers import SamplersSection
from exporter.config.sources import SourceSection
from exporter.config.url import ServerUrl, parse_server_url
from exporter.discovery.relabeling import Relabeling
from exporter.errors import DiscoveryError, Reason
from exporter.model.labels import Labels
from exporter.model.target import JOB_LABEL, Address, Credentials, Target, Tls

META_PREFIX: Final = "__"
"""Labels whose names begin so are for relabelling only."""

MAX_TARGETS: Final = 10_000
"""Servers of one source."""

_MAX_LABELS: Final = 64
_MAX_CHARACTERS: Final = 4_096
_ADDRESS: Final = "__address__"
_SCHEME: Final = "__scheme__"
_META: Final = "__meta_redis_"
_INSTANCE: Final = "instance"


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

    @property
    def name(self) -> str:
        """The name of the source in logs and metrics; without credentials."""
        ...

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
        address = _address(labels, finding.address)
        kept = {name: value for name, value in labels.items() if not name.startswith(META_PREFIX)}
        if kept.get(JOB_LABEL) == self.job:
            # Nobody has given it another: it is not to be on `/metrics`.
            del kept[JOB_LABEL]
        _check(kept, address)
        target = Target(
            instance=kept.pop(_INSTANCE, "") or address.instance,
            address=address,
            credentials=self.credentials,
            tls=self.tls,
            labels=Labels(kept),
            job=self.job,
        )
        return Found(target, self.samplers)

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
            _ADDRESS: str(address) if address.path else address.instance,
            _SCHEME: "rediss" if address.tls else "redis",
            **({_INSTANCE: name} if name else {}),
        }


def _check(labels: Mapping[str, str], address: Address) -> None:
    """Every series carries these, on every page."""
    if len(labels) > _MAX_LABELS:
        raise DiscoveryError(f"{_shown(address)} has more than {_MAX_LABELS} labels", Reason.PROTOCOL)
    if sum(len(name) + len(value) for name, value in labels.items()) > _MAX_CHARACTERS:
        message = f"the labels of {_shown(address)} have more than {_MAX_CHARACTERS:,} characters"
        raise DiscoveryError(message, Reason.PROTOCOL)


def _shown(address: Address) -> str:
    return str(address)[:128]


def _address(labels: Mapping[str, str], before: Address) -> Address:
    """Return the address of a server after relabelling, which may have changed it."""
    text, scheme = labels.get(_ADDRESS, ""), labels.get(_SCHEME, "")
    if not text or before.path or (text == before.instance and (scheme == "rediss") == before.tls):
        return before
    try:
        url = parse_server_url(text if "://" in text else f"{scheme or 'redis'}://{text}")
    except ValueError as error:
        raise DiscoveryError(f'relabel_configs made "{text}" of {before}: it {error}') from None
    return replace(url.address, database=url.address.database or before.database)
