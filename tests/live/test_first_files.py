"""From `redis-vigil init` to a daemon that watches what was found, on real servers."""

import json
import re
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
import trustme

from exporter.setup.permissions import PASSWORD
from tests.cli.in_process import Done, run_command
from tests.conftest import StartServer
from tests.fast.topologies import Cluster, SentinelGroup, is_linked, wait_for
from tests.live.daemon import Daemon
from tests.peers import require_program
from tests.servers import RealServer, free_port

_LINE = re.compile(r"^ +(ACL SETUSER .*)$", re.MULTILINE)


def init(folder: Path, *arguments: str) -> Done:
    """Run the command in a new folder; the files are checked, and nothing is to be said about them."""
    folder.mkdir()
    done = run_command(folder, "init", *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done
    checked = run_command(folder, "check", "config", "config.yml")
    assert (checked.returncode, checked.stderr) == (0, ""), checked
    return done


def up(daemon: Daemon) -> dict[str, str]:
    """`redis_up` by instance."""
    lines = re.findall(r'^redis_up\{.*?instance="([^"]+)".*?\} (\S+)', daemon.text("/metrics"), re.MULTILINE)
    return dict(lines)


def wait_until_all_are_up(daemon: Daemon, instances: Iterable[str]) -> None:
    wanted = dict.fromkeys(instances, "1")
    wait_for(lambda: up(daemon) == wanted, f"{wanted} are up, not {up(daemon)}", 90)


def not_available(daemon: Daemon) -> object:
    return json.loads(daemon.text("/api/unavailable"))["targets"]


def test_a_server_alone(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--requirepass", "hunter2 # x")
    server.command("SET", "a", "1")
    folder = tmp_path / "new"
    done = init(folder, f"redis://:hunter2%20%23%20x@{server.instance}")
    assert "hunter2" not in done.stdout
    assert (folder / "secrets" / "redis").stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in (folder / "config.yml").read_text()
    with Daemon(folder, "--config", "config.yml") as daemon:
        wait_until_all_are_up(daemon, [server.instance])
        assert (folder / "data").is_dir()


def test_a_primary_with_its_replica(start_server: StartServer, tmp_path: Path) -> None:
    primary = start_server("--repl-diskless-sync-delay", "0")
    replica = start_server("--replicaof", "127.0.0.1", str(primary.port))
    wait_for(lambda: is_linked(replica), "the replica follows")
    for number, named in enumerate((primary, replica)):
        folder = tmp_path / str(number)
        done = init(folder, named.url)
        assert done.stdout.startswith(f"{primary.url}: ")
        assert f"  replica {replica.url}: answers\n" in done.stdout
    with Daemon(folder, "--config", "config.yml") as daemon:
        wait_until_all_are_up(daemon, [primary.instance, replica.instance])


def test_a_cluster(start_server: StartServer, tmp_path: Path) -> None:
    cluster = Cluster(start_server)
    folder = tmp_path / "new"
    done = init(folder, cluster.replicas[1].url)
    assert done.stdout.count(": answers\n") == 6
    assert "a cluster of 3 primaries and 3 replicas" in done.stdout
    with Daemon(folder, "--config", "config.yml") as daemon:
        wait_until_all_are_up(daemon, [node.instance for node in cluster.nodes])


def test_a_node_that_announces_an_address_behind_nat(start_server: StartServer, tmp_path: Path) -> None:
    node = start_server("--cluster-enabled", "yes", "--cluster-announce-ip", "192.0.2.1")
    node.command("CLUSTER", "ADDSLOTS", *range(16_384))
    folder = tmp_path / "new"
    done = init(folder, node.url)
    assert f"  primary redis://192.0.2.1:{node.port}: answers at {node.instance} only\n" in done.stdout
    with Daemon(folder, "--config", "config.yml") as daemon:
        wait_until_all_are_up(daemon, [node.instance])


def test_sentinels_found_from_the_primary_that_they_watch(start_server: StartServer, tmp_path: Path) -> None:
    group = SentinelGroup(start_server)
    for number, named in enumerate((group.primary, group.sentinels[0])):
        folder = tmp_path / str(number)
        done = init(folder, named.url)
        assert f"  watches main at {group.primary.url} with 2 replicas\n" in done.stdout
        assert done.stdout.count("the credentials work") == 1
        text = (folder / "config.yml").read_text()
        assert all(sentinel.instance in text for sentinel in group.sentinels)
        assert "targets:" not in text
    everybody = [group.primary, *group.replicas, *group.sentinels]
    with Daemon(folder, "--config", "config.yml") as daemon:
        wait_until_all_are_up(daemon, [server.instance for server in everybody])


def test_servers_under_sentinel_with_a_password(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--requirepass", "hunter2")
    watching = f"sentinel monitor main 127.0.0.1 {server.port} 1\nsentinel auth-pass main hunter2\n"
    open_sentinel = start_server("--sentinel", config=watching)
    closed_sentinel = start_server("--sentinel", config=f"{watching}requirepass knock\n")
    (tmp_path / "password").write_text("hunter2\n")
    options = ("--password-file", str(tmp_path / "password"))
    for number, named in enumerate((open_sentinel.url, f"redis://:knock@{closed_sentinel.instance}")):
        done = run_command(tmp_path, "init", "--output", f"without-{number}", named)
        assert "servers under Sentinel cannot be asked: give their user and password" in done.stdout
        folder = tmp_path / str(number)
        done = init(folder, *options, named)
        assert "the credentials work" in done.stdout
        with Daemon(folder, "--config", "config.yml") as daemon:
            sentinel = (open_sentinel, closed_sentinel)[number]
            wait_until_all_are_up(daemon, [server.instance, sentinel.instance])


@pytest.mark.peers("redis-server")
def test_tls_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    authority = trustme.CA()
    folder = tmp_path / "new"
    folder.mkdir()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    port = free_port()
    options = {
        "tls-port": port,
        "tls-cert-file": tmp_path / "server.pem",
        "tls-key-file": tmp_path / "server.pem",
        "tls-ca-cert-file": folder / "ca.pem",
        "tls-auth-clients": "no",
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    with RealServer(require_program("redis-server"), tmp_path / "server", *words):
        done = run_command(folder, "init", f"rediss://localhost:{port}")
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        done = run_command(folder, "init", "--tls-ca", "ca.pem", f"rediss://localhost:{port}")
        assert (done.returncode, done.stderr) == (0, "")
        assert "tls: {ca_file: ca.pem}" in (folder / "config.yml").read_text()
        with Daemon(folder, "--config", "config.yml") as daemon:
            wait_until_all_are_up(daemon, [f"localhost:{port}"])


def create_user(server: RealServer, line: str, password: str = "s3cret") -> None:
    """Run an ACL line as it was printed, with a password of one's own."""
    server.command(*line.replace(f">{PASSWORD}", f">{password}").split())
    server.command("ACL", "LOG", "RESET")


def fill(server: RealServer) -> None:
    client = server.client
    for index in range(50):
        client.set(f"user:{index}", "x", ex=1000)
    client.hset("bull:mail:meta", "version", "bullmq:5.0.0")
    client.rpush("bull:mail:wait", 1, 2)
    client.xadd("orders", {"a": "1"})
    client.xgroup_create("orders", "billing", id="0")
    client.sadd("_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
    client.rpush("celery", '{"body": "", "headers": {"task": "t", "id": "1"}, "properties": {}}')


def wait_for_scan(daemon: Daemon) -> None:
    def is_done() -> bool:
        text = daemon.text("/metrics")
        return "redis_keyspace_pattern_keys{" in text and 'framework="celery"' in text

    wait_for(is_done, "keyspace and queues are known", 120)


@pytest.mark.parametrize("mode", ["alone", "cluster"])
def test_the_printed_user_may_do_all_that_is_watched_and_is_refused_nothing(
    start_each_server: StartServer, tmp_path: Path, mode: str
) -> None:
    server = start_each_server(*(("--cluster-enabled", "yes") if mode == "cluster" else ()))
    if mode == "cluster":
        server.command("CLUSTER", "ADDSLOTS", *range(16_384))
        wait_for(lambda: server.client.cluster("info")["cluster_state"] == "ok", "the cluster is ok")
    fill(server)
    (line,) = set(_LINE.findall(init(tmp_path / "first", server.url).stdout))
    assert f"#   {line}\n" in (tmp_path / "first" / "config.yml").read_text()
    create_user(server, line)
    folder = tmp_path / "second"
    done = init(folder, f"redis://vigil:s3cret@{server.instance}")
    assert "not permit" not in done.stdout
    assert "ACL SETUSER" not in done.stdout, "there is that user, and a password of its own"
    assert re.search(r"queues: .*bullmq \(mail\).*", done.stdout)
    assert server.command("ACL", "LOG") == []
    with Daemon(folder, "--config", "config.yml") as daemon:
        wait_until_all_are_up(daemon, [server.instance])
        wait_for_scan(daemon)
        time.sleep(1)
        assert not_available(daemon) == []
        assert "cannot hear" not in daemon.log
    assert server.command("ACL", "LOG") == []


def test_the_printed_users_for_sentinels_and_their_servers(start_server: StartServer, tmp_path: Path) -> None:
    group = SentinelGroup(start_server)
    done = init(tmp_path / "first", group.primary.url)
    of_servers, of_sentinels = _LINE.findall(done.stdout)
    for server in (group.primary, *group.replicas):
        create_user(server, of_servers)
    for sentinel in group.sentinels:
        create_user(sentinel, of_sentinels, "other")
    (tmp_path / "password").write_text("s3cret")
    folder = tmp_path / "second"
    options = ("--user", "vigil", "--password-file", str(tmp_path / "password"))
    done = init(folder, *options, f"redis://vigil:other@{group.sentinels[0].instance}")
    assert "not permit" not in done.stdout
    everybody = [group.primary, *group.replicas, *group.sentinels]
    with Daemon(folder, "--config", "config.yml") as daemon:
        wait_until_all_are_up(daemon, [server.instance for server in everybody])
        assert not_available(daemon) == []
    assert [server.command("ACL", "LOG") for server in everybody] == [[]] * len(everybody)
