"""Real clusters and Sentinels whose own timers are short, for stories in fast time."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from redis.exceptions import ResponseError

from tests.conftest import StartServer
from tests.servers import RealServer

_NODE_TIMEOUT_MILLISECONDS: Final = 1000
_BOUNDS: Final = ((0, 5460), (5461, 10922), (10923, 16383))


def wait_for(condition: Callable[[], object], what: str, seconds: float = 40.0) -> None:
    """Wait in real time, outside of a story."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


class Cluster:
    """Three primaries, each with one replica: `primaries[0]` has `replicas[0]`."""

    def __init__(self, start_server: StartServer) -> None:
        self._start_server = start_server
        self.primaries = [self.start_node() for _ in _BOUNDS]
        self.replicas = [self.start_node() for _ in _BOUNDS]
        for epoch, node in enumerate(self.nodes, 1):
            node.command("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        for primary, (first, last) in zip(self.primaries, _BOUNDS, strict=True):
            primary.command("CLUSTER", "ADDSLOTS", *range(first, last + 1))
        for node in self.nodes[1:]:
            self.meet(node)
        wait_for(lambda: all(self.knows(node, 6) for node in self.nodes), "all nodes know each other")
        for primary, replica in zip(self.primaries, self.replicas, strict=True):
            replica.command("CLUSTER", "REPLICATE", node_id(primary))
        wait_for(lambda: all(map(is_linked, self.replicas)), "replicas follow")
        wait_for(lambda: all(map(is_ok, self.nodes)), "the cluster is ok")

    @property
    def nodes(self) -> Sequence[RealServer]:
        return [*self.primaries, *self.replicas]

    def start_node(self) -> RealServer:
        """A node that knows only itself."""
        return self._start_server(
            *("--cluster-enabled", "yes"),
            *("--cluster-node-timeout", str(_NODE_TIMEOUT_MILLISECONDS)),
            # A primary that gives its last slot away stays one.
            *("--cluster-allow-replica-migration", "no"),
            *("--repl-diskless-sync-delay", "0"),
        )

    def meet(self, node: RealServer) -> None:
        """Have the cluster know a node."""
        self.primaries[0].command("CLUSTER", "MEET", "127.0.0.1", node.port)

    def knows(self, node: RealServer, count: int) -> bool:
        """Whether a node knows so many, itself included."""
        return cluster_info(node)["cluster_known_nodes"] == str(count)

    def move_slots(self, source: RealServer, to: RealServer, slots: Sequence[int]) -> None:
        """Empty slots change their owner, as `redis-cli --cluster reshard` has them."""
        for slot in slots:
            to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", node_id(source))
            source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", node_id(to))
            for node in (to, source, *self.primaries):
                if not is_replica(node):
                    node.command("CLUSTER", "SETSLOT", slot, "NODE", node_id(to))

    def forget(self, gone: RealServer, others: Sequence[RealServer]) -> None:
        """Remove a node, as `redis-cli --cluster del-node` does."""
        lost = node_id(gone)
        for node in others:
            node.command("CLUSTER", "FORGET", lost)
        gone.command("CLUSTER", "RESET", "SOFT")


class SentinelGroup:
    """A primary with two replicas, and three sentinels that watch it as `main`."""

    def __init__(self, start_server: StartServer) -> None:
        self.primary = start_server("--repl-diskless-sync-delay", "0")
        follow = ("--replicaof", "127.0.0.1", str(self.primary.port), "--repl-diskless-sync-delay", "0")
        self.replicas = [start_server(*follow) for _ in range(2)]
        config = "\n".join(
            (
                f"sentinel monitor main 127.0.0.1 {self.primary.port} 2",
                # Long enough for a busy machine: a heir that stood still must not be replaced in its turn.
                "sentinel down-after-milliseconds main 2500",
                "sentinel failover-timeout main 8000",
                "",
            )
        )
        wait_for(lambda: all(map(is_linked, self.replicas)), "replicas follow")
        self.sentinels = [start_server("--sentinel", config=config) for _ in range(3)]
        wait_for(self.is_complete, "the sentinels know each other")

    def is_complete(self) -> bool:
        """Whether each sentinel knows the others and both replicas."""
        states = [dict(sentinel.client.sentinel_master("main")) for sentinel in self.sentinels]  # type: ignore[arg-type]  # not asynchronous
        return all(state["num-other-sentinels"] == 2 and state["num-slaves"] == 2 for state in states)

    def is_settled(self, primary: RealServer) -> bool:
        """Whether all sentinels name this one as the primary, and the other replica follows it.

        The address that clients are given is the new one before the failover has ended.
        """
        states: list[Any] = [sentinel.client.sentinel_master("main") for sentinel in self.sentinels]
        others = [one for one in self.replicas if one is not primary]
        is_named = all((state["ip"], state["port"]) == ("127.0.0.1", primary.port) for state in states)
        return is_named and all(map(is_linked, others))

    def has_quorum(self) -> bool:
        """Whether all sentinels that run could agree on a failover."""
        try:
            for sentinel in self.sentinels:
                if sentinel.is_running:
                    sentinel.command("SENTINEL", "CKQUORUM", "main")
        except ResponseError:
            return False
        return True

    @property
    def promoted(self) -> RealServer | None:
        """The replica that has become a primary."""
        return next((one for one in self.replicas if one.is_running and not is_replica(one)), None)


def cluster_info(node: RealServer) -> dict[str, str]:
    return dict(node.client.cluster("info"))


def is_ok(node: RealServer) -> bool:
    return cluster_info(node)["cluster_state"] == "ok"


def node_id(node: RealServer) -> str:
    reply = node.command("CLUSTER", "MYID")
    return reply.decode() if isinstance(reply, bytes) else str(reply)


def is_replica(server: RealServer) -> bool:
    return bool(server.client.info("replication")["role"] == "slave")


def is_linked(server: RealServer) -> bool:
    """Whether it is a replica that hears its primary."""
    return server.client.info("replication").get("master_link_status") == "up"
