"""Findings: what servers have told of themselves and of each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exporter.config.targets import TargetSection
from exporter.errors import Reason
from exporter.model.target import Address
from exporter.sampling.server_info import ServerInfo
from exporter.sampling.unavailable import UnavailableCommand
from exporter.survey.services import Service


@dataclass(frozen=True, slots=True)
class Named:
    """A server as it was named: with everything that was given, and with what its URL alone says.

    Sentinels have their own user and password in the URL; those given besides are for their servers.
    """

    given: TargetSection
    bare: TargetSection


@dataclass(frozen=True, slots=True)
class QueueLook:
    """What was found in a short look for queues: their names by framework.

    `is_complete`: all keys were looked through. `problem` is what the server said where nobody could look,
    `is_denied`: it does not let us at all. `advice` is about lists that look like queues of one's own.
    """

    found: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_complete: bool = True
    problem: str = ""
    is_denied: bool = False
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSurvey:
    """One server, and the way in.

    `missing` are commands that it does not have or does not permit, `grant` the line that would permit them.
    `sentinels` watch it, as they announce themselves; `node_id` is that of a cluster's node.
    """

    section: TargetSection
    info: ServerInfo = field(default_factory=ServerInfo)
    service: Service | None = None
    missing: Sequence[UnavailableCommand] = ()
    grant: str = ""
    queues: QueueLook = QueueLook()
    sentinels: Sequence[Address] = ()
    node_id: str = ""

    @property
    def address(self) -> Address:
        """Where it is."""
        return self.section.url.address

    @property
    def keys(self) -> int:
        """The number of keys in all databases."""
        return sum(self.info.keys_by_database.values())

    @property
    def is_sentinel(self) -> bool:
        """Whether it is a Sentinel."""
        return self.info.mode == "sentinel"

    @property
    def is_cluster_node(self) -> bool:
        """Whether it is a node of a cluster."""
        return self.info.cluster_enabled or self.info.mode == "cluster"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A server that another one has told of, at the address that it announces.

    `problem` says why it cannot be asked with what we have; empty where it can. `name` is that of a primary
    under Sentinel, or the id of a cluster's node.
    """

    address: Address
    role: str
    problem: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSurvey:
    """A cluster: the nodes that were named, and all that these list.

    `addresses` leads from announced addresses that cannot be reached to those that were named. `problem`: why
    the nodes are not known.
    """

    seeds: Sequence[ServerSurvey]
    nodes: Sequence[Neighbour]
    addresses: Mapping[str, str] = field(default_factory=dict)
    queues: QueueLook = QueueLook()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelSurvey:
    """Sentinels, and the servers that they watch.

    `access` is the way in to the servers, with the URL of the first sentinel; None: the sentinels' own.
    `watched` is what the first primary that could be asked is, `named` who was named in its place.
    """

    sentinels: Sequence[ServerSurvey]
    servers: Sequence[Neighbour]
    access: TargetSection
    watched: ServerSurvey | None = None
    named: Sequence[Address] = ()

    @property
    def masters(self) -> Sequence[str]:
        """The names of the primaries."""
        return list(dict.fromkeys(server.name for server in self.servers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """A server with its replicas; one without any stands alone.

    `problem` says why the primary of a replica is not here in its place.
    """

    server: ServerSurvey
    replicas: Sequence[Neighbour] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A server that could not be asked."""

    section: TargetSection
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that was found, by how the servers belong together."""

    replications: Sequence[Replication] = ()
    clusters: Sequence[ClusterSurvey] = ()
    sentinels: Sequence[SentinelSurvey] = ()
    unanswered: Sequence[Unanswered] = ()

    @property
    def servers(self) -> Sequence[ServerSurvey]:
        """All servers that were asked in depth."""
        return [
            *(one.server for one in self.replications),
            *(seed for one in self.clusters for seed in one.seeds),
            *(sentinel for one in self.sentinels for sentinel in one.sentinels),
            *(one.watched for one in self.sentinels if one.watched),
        ]
