"""The interface of samplers: a sampler asks one server one kind of question, again and again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from exporter.clock import Clock
from exporter.config.samplers.base import SamplerSection
from exporter.connection import Client, Connection
from exporter.events import EventRecorder
from exporter.metrics import LabelCap, SeriesTable
from exporter.model.sample import Family
from exporter.model.target import Target
from exporter.sampling.command_support import CommandSupport
from exporter.sampling.facts import TargetFacts
from exporter.sampling.neighbours import Neighbours
from exporter.sampling.server_info import ServerInfo


class Sampler(Protocol):
    """One kind of question to one server; keeps what it must remember between passes."""

    async def sample(self, connection: Client, at: float) -> None:
        """Ask the server and write the answers into the table (see `SamplerContext`).

        `at` is the moment of the pass in epoch seconds. Waits for nothing but `connection`, unless its spec
        says that it has one of its own. Raises `TargetError` where the server cannot be
        asked.
        """
        ...

    async def close(self) -> None:
        """Close connections of its own."""
        ...


@runtime_checkable
class AdaptiveSampler(Sampler, Protocol):
    """A sampler that can ask to run again before its interval is over."""

    @property
    def next_delay_seconds(self) -> float | None:
        """How soon to run again; None for at the usual time. Read after each pass that succeeded."""
        ...


@runtime_checkable
class IdleSampler(Sampler, Protocol):
    """A sampler that often has nothing to do."""

    def is_idle(self, at: float) -> bool:
        """Return whether a pass at this moment would send no command and produce the same values.

        `at` is in epoch seconds.
        """
        ...


@runtime_checkable
class PunctualSampler(Sampler, Protocol):
    """A sampler that remembers moments from pass to pass."""

    def follow_clock(self, seconds: float) -> None:
        """Move remembered moments with the clock, which was set by so much."""
        ...


@dataclass(frozen=True, slots=True)
class Peer:
    """Another target that is watched: its name, what is known of it, and the way to connect to it."""

    instance: str
    facts: TargetFacts
    connect: Callable[[str], Connection]


def find_none(facts: TargetFacts) -> Peer | None:
    """Find no replica: there is no other target."""
    return None


# The section of the configuration that a sampler has.
SettingsT = TypeVar("SettingsT", bound=SamplerSection)


@dataclass(frozen=True, slots=True)
class SamplerContext(Generic[SettingsT]):
    """The environment that a sampler is built with.

    `settings` is its section of the configuration. `connect` opens a further connection to the same server
    for samplers that must not share the common one: (client name) -> Connection; the sampler closes it.
    `support` is the way to ask commands of which a server may refuse some. `caps` are the sampler's caps, by
    label, whose counts are exposed. A pass has `timeout_seconds`. `neighbours` are the other
    servers that are watched. `records` are what outlives the process, by the name of the sampler that
    declares their protocol; without one a sampler begins anew. `find_replica` finds a healthy replica of this
    target among the neighbours. `events` keeps what happened to the server.
    """

    target: Target
    settings: SettingsT
    table: SeriesTable
    facts: TargetFacts
    clock: Clock
    connect: Callable[[str], Connection]
    support: CommandSupport = field(default_factory=CommandSupport)
    caps: dict[str, LabelCap] = field(default_factory=dict)
    timeout_seconds: float = 5.0
    neighbours: Neighbours | None = None
    records: Mapping[str, Any] = field(default_factory=dict)
    find_replica: Callable[[TargetFacts], Peer | None] = find_none
    events: EventRecorder = field(default_factory=EventRecorder)

    def new_cap(self, label: str, limit: int) -> LabelCap:
        """Return a new cap on the values of one label; what is over it is counted in the sampler's status."""
        cap = self.caps[label] = LabelCap(limit)
        return cap


@dataclass(frozen=True, slots=True)
class SamplerSpec(Generic[SettingsT]):
    """An entry of the registry: the sampler's name, its section, what it can produce, and how it is built.

    The type of the `section` says which one of the configuration it is. `needs` are the types of data
    that have to be of the same round, and so are provided by samplers that run before; `uses_previous` those
    that may be of the round before, and `provides` those that it provides itself (see `TargetFacts`).
    `decides_up`: the target is up while this sampler succeeds, and while it is down no other one runs.
    `own_connection`: the sampler does not ask
    over the one that the target's samplers share. `own_deadline`: it bounds its passes itself, since they
    take as long as they take. `isolated`: it measures time, and so runs at a moment of its own, not together
    with the target's other samplers. `on_sentinel`: it makes sense there too, where few commands are known.
    `self_paced`: it is called at the usual interval and decides itself what is to be done each time; the
    `interval` of its section is about its work. `applies`: whether a server has what it asks about; where
    not, it does not run. `command` is one that it cannot do without, of which
    it keeps no account itself.
    """

    name: str
    section: type[SettingsT]
    families: tuple[Family, ...]
    build: Callable[[SamplerContext[SettingsT]], Sampler]
    needs: tuple[type, ...] = (ServerInfo,)
    uses_previous: tuple[type, ...] = ()
    provides: tuple[type, ...] = ()
    decides_up: bool = False
    own_connection: bool = False
    own_deadline: bool = False
    isolated: bool = False
    on_sentinel: bool = False
    self_paced: bool = False
    applies: Callable[[ServerInfo], bool] | None = None
    command: str = ""
