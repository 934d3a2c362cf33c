"""What a sampler is: something that asks one server one kind of question, again and again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from exporter.clock import Clock
from exporter.config.samplers.base import SamplerSection
from exporter.connection import Client, Connection
from exporter.metrics import LabelCap, SeriesTable
from exporter.model.sample import Family
from exporter.model.target import Target
from exporter.sampling.lookups import Lookups
from exporter.sampling.refusals import Refusals
from exporter.sampling.slots import Slots
from exporter.sampling.turns import Turns

if TYPE_CHECKING:
    from exporter.sampling.neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class CommandTimes:
    """The server time of each command as of the pass at a moment (epoch seconds): `places` tells where in
    `values` it stands, in seconds."""

    at: float = 0.0
    places: Mapping[str, int] = field(default_factory=dict)
    values: Sequence[float | None] = ()

    def microseconds(self, command: str) -> float | None:
        """The server time of a command in microseconds; None where it is not known."""
        place = self.places.get(command)
        seconds = None if place is None else self.values[place]
        if seconds is None:
            return None
        microseconds = seconds * 1e6
        # Whole, as the server counts; a server that makes things up may tell what cannot be rounded.
        return float(round(microseconds)) if isfinite(microseconds) else microseconds


@dataclass(slots=True)
class TargetFacts:
    """What one sampler has learnt about a server that others on the same server need.

    Empty or zero until the INFO sampler has run. `version` is the server's own (Valkey's, not the Redis
    version that it claims to be compatible with); `flavour` is `redis`, `valkey`, `keydb`, `dragonfly`,
    `kvrocks`, `garnet`, `redict`, `pika` or `tile38`.
    `slots` are those of a cluster's node, `replication_ids` those of its data now and before it was promoted.
    `handover` is what samplers know that those of another server may go on with, by their names. `writes`
    differs from what it was whenever anything was written meanwhile; None where a server does not tell. A
    replica `is_linked` while it hears its primary.
    `lookups` counts our own look-ups of keys; `queue_keys` holds names of queues by the beginnings of their
    keys, as far as the queues sampler knows them; `job_keys` are the beginnings of all keys of jobs by
    database, another object whenever they have changed. Whoever walks through the keyspace takes `turns`, and
    hands the names of each step to `on_names`, with the number of their database.
    """

    flavour: str = ""
    version: tuple[int, ...] = ()
    redis_version: tuple[int, ...] = ()
    mode: str = ""
    role: str = ""
    run_id: str = ""
    is_linked: bool = False
    started_at: float = 0.0
    maxmemory_policy: str = ""
    loading: bool = False
    fork_in_progress: bool = False
    used_memory: float = 0.0
    used_memory_dataset: float = 0.0
    maxmemory: float = 0.0
    connected_clients: int = 0
    cluster_enabled: bool = False
    modules: frozenset[str] = frozenset()
    slowlog_max_len: int = 0
    keys_by_database: dict[int, int] = field(default_factory=dict)
    command_times: CommandTimes = CommandTimes()
    lookups: Lookups = field(default_factory=Lookups)
    queue_keys: dict[str, str] = field(default_factory=dict)
    job_keys: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    slots: Slots = field(default_factory=Slots)
    replication_ids: frozenset[str] = frozenset()
    handover: dict[str, Any] = field(default_factory=dict)
    writes: tuple[object, ...] | None = None
    turns: Turns = field(default_factory=Turns)
    on_names: Callable[[int, Sequence[bytes]], None] | None = None

    def shared(self) -> "TargetFacts":
        """Facts for somebody who looks at the same server just once: what that looks up is counted here."""
        return TargetFacts(lookups=self.lookups, slots=self.slots)


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
        """Let go of connections of its own."""
        ...


@runtime_checkable
class AdaptiveSampler(Sampler, Protocol):
    """A sampler that can ask to run again before its interval is over."""

    @property
    def next_delay_seconds(self) -> float | None:
        """How soon; None for at the usual time. Read after each pass that succeeded."""
        ...


@runtime_checkable
class RestingSampler(Sampler, Protocol):
    """A sampler that often has nothing to do."""

    def is_at_rest(self, at: float) -> bool:
        """Whether a pass at this moment (epoch seconds) would ask nothing and write what the last one wrote,
        so that there need be none."""
        ...


@runtime_checkable
class PunctualSampler(Sampler, Protocol):
    """A sampler that remembers moments from pass to pass."""

    def follow_clock(self, seconds: float) -> None:
        """The clock was set by so much: what is due so soon stays due so soon."""
        ...


@dataclass(frozen=True, slots=True)
class Peer:
    """Another target that is watched: its name, what is known of it, and the way to connect to it."""

    instance: str
    facts: TargetFacts
    connect: Callable[[str], Connection]


def find_none(facts: TargetFacts) -> Peer | None:
    """There is no other target."""
    return None


# The section of the configuration that a sampler has.
SettingsT = TypeVar("SettingsT", bound=SamplerSection)


@dataclass(frozen=True, slots=True)
class SamplerContext(Generic[SettingsT]):
    """What a sampler is built from.

    `settings` is its section of the configuration. `connect` opens a further connection to the same server
    for samplers that must not share the common one: (client name) -> Connection; the sampler closes it.
    `refusals` is the way to ask commands of which a server may refuse some. `caps` are the sampler's caps, by
    label, whose counts are exposed. A pass has `timeout_seconds`. `neighbours` are the other
    servers that are watched. `records` are what outlives the process, by the name of the sampler that
    declares their protocol; without one a sampler begins anew. `find_replica` finds a healthy replica of this
    target among the neighbours.
    """

    target: Target
    settings: SettingsT
    table: SeriesTable
    facts: TargetFacts
    clock: Clock
    connect: Callable[[str], Connection]
    refusals: Refusals = field(default_factory=Refusals)
    caps: dict[str, LabelCap] = field(default_factory=dict)
    timeout_seconds: float = 5.0
    neighbours: "Neighbours | None" = None
    records: Mapping[str, Any] = field(default_factory=dict)
    find_replica: Callable[[TargetFacts], Peer | None] = find_none

    def new_cap(self, label: str, limit: int) -> LabelCap:
        """A cap on the values of one label; what is over it is counted in the sampler's status."""
        cap = self.caps[label] = LabelCap(limit)
        return cap


@dataclass(frozen=True, slots=True)
class SamplerSpec(Generic[SettingsT]):
    """An entry of the registry: the sampler's name, its section, what it can produce, and how it is built.

    The type of the `section` says which one of the configuration it is. `decides_up`: the target is up while
    this sampler succeeds, and while it is down no other one runs. `own_connection`: the sampler does not ask
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
    decides_up: bool = False
    own_connection: bool = False
    own_deadline: bool = False
    isolated: bool = False
    on_sentinel: bool = False
    self_paced: bool = False
    applies: Callable[[TargetFacts], bool] | None = None
    command: str = ""
