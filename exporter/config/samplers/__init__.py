"""`samplers`: one section per sampler, under the sampler's own name."""

from typing import Final, TypeVar

from exporter.config.fields import Section
from exporter.config.samplers.base import SamplerSection
from exporter.config.samplers.changes import ChangesSection
from exporter.config.samplers.clients import ClientsSection
from exporter.config.samplers.info import InfoSection
from exporter.config.samplers.keys import KeysSection, ScriptsSection, StreamsSection
from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.config.samplers.latency import CommandLatencySection, LatencySection
from exporter.config.samplers.modules import ModulesSection
from exporter.config.samplers.queues import QueuesSection
from exporter.config.samplers.server import (
    AclSection,
    MemorySection,
    SentinelSection,
    ServerConfigSection,
)
from exporter.config.samplers.slowlog import SlowlogSection

SectionT = TypeVar("SectionT", bound=SamplerSection)


class SamplersSection(Section):
    """Which questions are asked, how often, and how far they go."""

    info: InfoSection = InfoSection()
    """INFO."""
    slowlog: SlowlogSection = SlowlogSection()
    """The slow log."""
    latency: LatencySection = LatencySection()
    """Round trips of PING, and the server's latency spikes."""
    command_latency: CommandLatencySection = CommandLatencySection()
    """Histograms of the server time of each command."""
    clients: ClientsSection = ClientsSection()
    """Connections, in aggregate."""
    config: ServerConfigSection = ServerConfigSection()
    """The limits that the server is configured with."""
    changes: ChangesSection = ChangesSection()
    """What people change: CONFIG and ACLs."""
    memory: MemorySection = MemorySection()
    """Where the server's memory goes."""
    acl: AclSection = AclSection()
    """What the server has denied."""
    sentinel: SentinelSection = SentinelSection()
    """What a sentinel knows of the primaries that it watches."""
    modules: ModulesSection = ModulesSection()
    """What loaded modules say of themselves."""
    keys: KeysSection = KeysSection()
    """Sizes, values and numbers of keys."""
    streams: StreamsSection = StreamsSection()
    """Lengths, groups and consumers of streams of your choice."""
    scripts: ScriptsSection = ScriptsSection()
    """Results of Lua scripts of your own."""
    queues: QueuesSection = QueuesSection()
    """Queues of job frameworks, lists of your own, and streams with consumer groups."""
    keyspace: KeyspaceSection = KeyspaceSection()
    """Which kinds of keys there are, and what they take, by scanning in the background."""

    def section(self, kind: type[SectionT]) -> SectionT:
        """Return the section of this type; with defaults for a type that is not among them."""
        name = _NAMES.get(kind)
        found: SectionT = kind() if name is None else getattr(self, name)
        return found


_NAMES: Final = {field.annotation: name for name, field in SamplersSection.model_fields.items()}
