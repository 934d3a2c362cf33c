"""Whatever happens during a scan: it ends, and says what it knows."""

import asyncio
import json
import time
from collections.abc import Callable
from random import Random

import pytest

from exporter.errors import Reason, TargetError
from exporter.keyspace.guard import WrongRoleError
from exporter.keyspace.scan import Scan
from tests.conftest import StartServer
from tests.keyspace.scanning import Setting, client, scan, statistics
from tests.servers import RealServer


def put(server: RealServer, family: str, first: int, last: int) -> None:
    pipe = client(server).pipeline(transaction=False)
    for number in range(first, last):
        pipe.set(f"{family}:{number}", "x" * 100)
    pipe.execute()


def drop(server: RealServer, family: str, first: int, last: int) -> None:
    client(server).delete(*(f"{family}:{number}" for number in range(first, last)))


def wait_until(is_true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_keys_deleted_created_and_renamed_meanwhile(each_empty_server: RealServer) -> None:
    """What stays is counted once; of the rest nobody can say."""
    server = each_empty_server
    put(server, "stays", 0, 3000)
    put(server, "goes", 0, 1500)

    def disturb(one: Scan) -> None:
        begin = one.keys_scanned // 10
        drop(server, "goes", begin, begin + 50)
        put(server, "comes", begin, begin + 60)
        for number in range(begin, begin + 20):
            if client(server).exists(f"goes:{number + 500}"):
                client(server).rename(f"goes:{number + 500}", f"renamed:{number}")

    found = scan(server, Setting(deeds=dict.fromkeys(range(1, 15), disturb)))
    assert found.report.complete
    assert found.keys["stays:*"] == 3000
    assert found.keys["goes:*"] <= 1500
    assert found.report.memory_error_ratio is not None
    assert found.report.memory_error_ratio < 0.05


@pytest.mark.parametrize("direction", ["grows", "shrinks"])
def test_the_table_is_rehashed_meanwhile(each_empty_server: RealServer, direction: str) -> None:
    server = each_empty_server
    put(server, "stays", 0, 4000)
    put(server, "passing", 0, 30_000 if direction == "shrinks" else 10)

    def rehash(_: Scan) -> None:
        if direction == "grows":
            put(server, "passing", 10, 60_000)
        else:
            drop(server, "passing", 0, 30_000)

    found = scan(server, Setting(deeds={4: rehash}))
    assert found.report.complete
    assert found.keys["stays:*"] == 4000
    # Where nearly everything goes, what was counted is no longer true: the database is scanned anew.
    assert (direction == "shrinks") == any("began anew" in note for note in found.report.notes)


def test_a_half_empty_table_shrinks_meanwhile(each_empty_server: RealServer) -> None:
    """The server's table falls together while it is walked through: keys come twice, and count once."""
    server = each_empty_server
    put(server, "passing", 0, 60_000)
    put(server, "stays", 0, 2500)
    drop(server, "passing", 0, 58_000)
    found = scan(server, Setting(deeds={3: lambda _: drop(server, "passing", 58_000, 60_000)}))
    assert found.report.complete
    assert found.keys["stays:*"] == 2500


def test_flushall(each_empty_server: RealServer) -> None:
    server = each_empty_server
    put(server, "old", 0, 5000)

    def flush(_: Scan) -> None:
        server.command("FLUSHALL")
        put(server, "new", 0, 70)

    found = scan(server, Setting(deeds={5: flush}))
    assert found.report.complete
    assert found.keys == {"new:*": 70}
    assert any("began anew" in note for note in found.report.notes)


def test_flushall_again_and_again(empty_server: RealServer) -> None:
    put(empty_server, "k", 0, 5000)

    def flush(_: Scan) -> None:
        empty_server.command("FLUSHALL")
        put(empty_server, "k", 0, 5000)
        empty_server.command("FLUSHALL")

    def fill(_: Scan) -> None:
        put(empty_server, "k", 0, 5000)

    found = scan(empty_server, Setting(deeds={n: fill if n % 4 == 0 else flush for n in range(1, 60)}))
    assert found.report.finished_at > 0


def test_lost_connections(each_empty_server: RealServer) -> None:
    server = each_empty_server
    put(server, "k", 0, 3000)
    hits, _ = statistics(server)

    def cut(_: Scan) -> None:
        server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    found = scan(server, Setting(deeds=dict.fromkeys((2, 3, 7, 11), cut)))
    assert found.keys == {"k:*": 3000}
    assert found.report.databases[0].duplicates == 0
    assert found.lookups.hits == statistics(server)[0] - hits


def test_another_database_stays_selected_after_a_lost_connection(empty_server: RealServer) -> None:
    put(empty_server, "zero", 0, 1000)
    pipe = client(empty_server).pipeline(transaction=False)
    pipe.execute_command("SELECT", 3)
    for number in range(2000):
        pipe.set(f"three:{number}", "x")
    pipe.execute_command("SELECT", 0)
    pipe.execute()

    def cut(_: Scan) -> None:
        empty_server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    found = scan(empty_server, Setting(deeds=dict.fromkeys((7, 9, 12), cut)))
    assert {(one.database, one.pattern): one.keys for one in found.report.patterns} == {
        ("db0", "zero:*"): 1000,
        ("db3", "three:*"): 2000,
    }


def test_another_server_takes_over(start_each_server: StartServer) -> None:
    """A restart stands for a failover too: another run id behind the same address."""
    server = start_each_server()
    put(server, "old", 0, 3000)

    def take_over(_: Scan) -> None:
        server.restart()
        put(server, "new", 0, 500)

    found = scan(server, Setting(deeds={5: take_over}))
    assert found.report.complete
    assert found.keys == {"new:*": 500}
    assert any("began anew" in note for note in found.report.notes)


def test_a_primary_that_becomes_a_replica(start_server: StartServer) -> None:
    primary, other = start_server(), start_server()
    put(primary, "k", 0, 3000)

    async def demote(one: Scan) -> None:
        primary.command("REPLICAOF", "127.0.0.1", other.port)
        # What a scan does every few seconds.
        await one._guard.refresh()

    with pytest.raises(WrongRoleError):
        scan(primary, Setting(deeds={4: demote}), run_on="primary")


def test_only_the_wanted_role_is_scanned(start_server: StartServer) -> None:
    primary, replica = start_server("--repl-diskless-sync-delay", "0"), start_server()
    replica.command("REPLICAOF", "127.0.0.1", primary.port)
    put(primary, "k", 0, 500)
    wait_until(lambda: replica.command("DBSIZE") == 500)
    assert scan(replica, run_on="replica").keys == {"k:*": 500}
    assert scan(primary, run_on="primary").keys == {"k:*": 500}
    for server, role in ((primary, "replica"), (replica, "primary")):
        with pytest.raises(WrongRoleError):
            scan(server, run_on=role)


def test_patience_has_an_end(start_server: StartServer) -> None:
    server = start_server()
    put(server, "k", 0, 3000)
    with pytest.raises(TargetError) as caught:
        scan(server, Setting(deeds={3: lambda _: server.kill()}, patience_seconds=0.2))
    assert caught.value.reason is Reason.REFUSED


def test_a_node_of_a_cluster(start_each_server: StartServer) -> None:
    server = start_each_server("--cluster-enabled", "yes")
    server.command("CLUSTER", "ADDSLOTS", *range(16384))
    wait_until(lambda: "cluster_state:ok" in str(server.command("CLUSTER", "INFO")))
    put(server, "k", 0, 2000)
    put(server, "{tag}", 0, 100)
    found = scan(server)
    assert found.report.complete
    assert found.keys == {"k:*": 2000, "{tag}:*": 100}


def interrupted(server: RealServer, steps: int) -> bytes:
    """The progress of a scan that ended after so many steps, as if the process had been killed."""
    documents: list[bytes] = []

    def leave(one: Scan) -> None:
        documents.append(one.document())
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        scan(server, Setting(deeds={steps: leave}))
    return documents[0]


@pytest.mark.parametrize("steps", [1, 2, 6, 14, 15, 16])
def test_another_process_goes_on(each_empty_server: RealServer, steps: int) -> None:
    server = each_empty_server
    put(server, "a", 0, 2000)
    put(server, "b", 0, 1000)
    pipe = client(server).pipeline(transaction=False)
    pipe.execute_command("SELECT", 2)
    for number in range(300):
        pipe.set(f"other:{number}", "x")
    pipe.execute_command("SELECT", 0)
    pipe.execute()
    whole = scan(server)
    saved = interrupted(server, steps)
    found = scan(server, Setting(saved=saved))
    assert found.keys == whole.keys == {"a:*": 2000, "b:*": 1000, "other:*": 300}
    assert found.memory == whole.memory
    assert all(pattern.memory_error_ratio == 0 for pattern in found.report.patterns)
    if steps > 2:
        assert found.lookups.hits < whole.lookups.hits


def test_progress_that_does_not_fit_is_not_used(start_server: StartServer) -> None:
    server = start_server()
    put(server, "k", 0, 2000)
    saved = interrupted(server, 6)
    whole = scan(server).lookups.hits
    assert scan(server, Setting(saved=saved), top_keys=3).lookups.hits == whole
    broken = json.loads(saved)
    broken["survey"]["tree"] = {"children": 3}
    assert scan(server, Setting(saved=json.dumps(broken).encode())).keys == {"k:*": 2000}
    for nonsense in (b"", b"{}", b'{"format": 99}', b"[1]", b"\xff"):
        assert scan(server, Setting(saved=nonsense)).keys == {"k:*": 2000}
    server.restart()
    put(server, "k", 0, 1000)
    assert scan(server, Setting(saved=saved)).keys == {"k:*": 1000}


def test_what_was_seen_is_known_when_a_scan_is_broken_off(empty_server: RealServer) -> None:
    put(empty_server, "k", 0, 5000)
    ones: list[Scan] = []

    def leave(one: Scan) -> None:
        ones.append(one)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        scan(empty_server, Setting(deeds={8: leave}))
    report = ones[0].conclude(complete=False).report
    (pattern,) = report.patterns
    assert not report.complete
    assert 1000 < pattern.keys < 2500
    assert pattern.keys_error_ratio is None


def test_names_that_are_no_text(each_empty_server: RealServer) -> None:
    raw, random = client(each_empty_server), Random(1)
    names = [random.randbytes(12) for _ in range(200)] + [
        b"",
        b"\r\n",
        b"a\nb",
        b"\xff" * 300,
        b"x" * 100_000,
    ]
    for name in names:
        raw.set(name, "x")
    found = scan(each_empty_server)
    assert sum(found.keys.values()) == len(names)
    assert all(pattern.isprintable() for pattern in found.keys)
    assert all(key.key.isprintable() and len(key.key) < 200 for key in found.report.biggest_keys)


def test_replies_that_are_too_large(empty_server: RealServer) -> None:
    pipe = client(empty_server).pipeline(transaction=False)
    for number in range(90):
        pipe.set(f"{number}" + "x" * (1 << 20), "x")
    pipe.execute()
    found = scan(empty_server)
    assert sum(found.keys.values()) == 90
