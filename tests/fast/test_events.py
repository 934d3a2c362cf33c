"""Events of the whole daemon with real servers: what a server forgets, and what the daemon sees change."""

import contextlib
import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import redis

from exporter.errors import VigilError
from tests.conftest import StartServer
from tests.fast.altered import AlteredServer
from tests.fast.daemon import FastDaemon, run_fast
from tests.fast.topologies import Cluster, SentinelGroup, is_linked


async def events(daemon: FastDaemon, query: str = "") -> Sequence[Any]:
    """The events, the newest first."""
    answer = await daemon.get(f"/api/events?limit=1000&{query}")
    assert answer.status_code == 200, answer.text
    found: Sequence[Any] = answer.json()["events"]
    return found


def stored(tmp_path: Path, **more: Any) -> dict[str, Any]:
    """A configuration that keeps its state."""
    return {"storage": {"path": str(tmp_path / "data")}, **more}


def slow(server: Any, *commands: Sequence[str]) -> None:
    """Have the server log these commands, and none else."""
    server.command("CONFIG", "SET", "slowlog-log-slower-than", 0)
    for command in commands:
        server.command(*command)
    server.command("CONFIG", "SET", "slowlog-log-slower-than", -1)


def test_slow_commands_are_kept_when_the_server_has_dropped_them_and_over_restarts_of_the_daemon(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("--slowlog-log-slower-than", "-1")

    async def first() -> None:
        slow(server, ("HGETALL", "session:1000"), ("SET", "token:9", "hunter2"))
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("1m")
            slow(server, ("HGETALL", "session:1001"))
            await daemon.pass_time("1m")
            server.command("SLOWLOG", "RESET")
            slow(server, ("LLEN", "jobs"))
            await daemon.pass_time("1m")
            found = await events(daemon, "kind=slowlog")
            patterns = [one["fields"]["pattern"] for one in found]
            assert patterns.count("HGETALL session:{id}") == 2
            assert patterns.count("SET token:{id}") == 1
            assert "hunter2" not in (await daemon.get("/api/events")).text

    async def second() -> None:
        slow(server, ("LLEN", "while-away"))
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("1m")
            found = await events(daemon, "kind=slowlog")
            patterns = [one["fields"]["pattern"] for one in found]
            assert patterns.count("HGETALL session:{id}") == 2
            assert patterns.count("LLEN jobs") == 1
            assert patterns.count("LLEN while-away") == 1
            one = next(one for one in found if one["fields"]["pattern"] == "LLEN jobs")
            assert one["instance"] == server.instance
            assert one["fields"]["client"].startswith("127.0.0.1:")
            assert one["fields"]["duration_seconds"] >= 0

    run_fast(first())
    run_fast(second())


def test_a_restart_a_promotion_and_replicas_that_come_and_go(
    start_server: StartServer, tmp_path: Path
) -> None:
    primary, replica = start_server(), start_server()

    async def first() -> None:
        async with FastDaemon(stored(tmp_path), primary, replica) as daemon:
            await daemon.pass_time("1m")
            assert not await events(daemon, "kind=restart,failover,role_change,topology_change")
            replica.command("REPLICAOF", "127.0.0.1", primary.port)
            await daemon.wait_really_until(lambda: is_linked(replica), 30)
            await daemon.pass_time("1m")
            (change,) = await events(daemon, "kind=role_change")
            assert change["instance"] == replica.instance
            assert change["fields"] == {"before": "primary", "after": "replica", "primary": primary.instance}
            (came,) = await events(daemon, f"kind=topology_change&instance={primary.instance}")
            assert came["fields"] == {"what": "replicas", "new": [replica.instance], "gone": []}
            assert not await events(daemon, "kind=failover")

            replica.command("REPLICAOF", "NO", "ONE")
            await daemon.pass_time("1m")
            (failover,) = await events(daemon, "kind=failover")
            assert failover["instance"] == replica.instance
            assert failover["fields"]["before"] == primary.instance
            assert (await events(daemon, "kind=topology_change"))[0]["fields"]["gone"] == [replica.instance]

            primary.restart()
            await daemon.pass_time("1m")
            (restart,) = await events(daemon, "kind=restart")
            assert restart["instance"] == primary.instance

    async def second() -> None:
        replica.restart()
        async with FastDaemon(stored(tmp_path), primary, replica) as daemon:
            await daemon.pass_time("1m")
            restarts = await events(daemon, "kind=restart")
            assert sorted(one["instance"] for one in restarts) == sorted([replica.instance, primary.instance])
            assert len(await events(daemon, "kind=role_change")) == 2

    run_fast(first())
    run_fast(second())


def test_a_server_that_dies_and_comes_back_with_its_alert_and_notifications(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("1m")
            server.kill()
            await daemon.pass_time("5m")
            server.start()
            await daemon.pass_time("10m")
            found = [
                (one["kind"], one["fields"])
                for one in reversed(await events(daemon, f"instance={server.instance}"))
            ]
            kinds = [kind for kind, _ in found]
            assert sorted(kind for kind in kinds if kind in {"down", "up", "restart"}) == [
                "down",
                "restart",
                "up",
            ]
            states = [
                fields["state"]
                for kind, fields in found
                if kind == "alert" and fields["alertname"] == "RedisDown"
            ]
            assert states == ["pending", "firing", "resolved"] or states == ["firing", "resolved"]
            # A busy machine may have alerts about itself.
            told = [
                fields
                for kind, fields in found
                if kind == "notification" and fields["alertnames"] == ["RedisDown"]
            ]
            assert [(one["outcome"], one["firing"], one["resolved"]) for one in told] == [
                ("sent", 1, 0),
                ("sent", 0, 1),
            ]
            down = next(fields for kind, fields in found if kind == "down")
            assert down["reason"] == "connection_refused" or down["reason"] == "connection_closed"

    run_fast(story())


def test_denials_are_kept_with_who_was_refused_what_and_never_twice(
    start_each_server: StartServer, tmp_path: Path
) -> None:
    server = start_each_server()
    server.command("ACL", "SETUSER", "app", "on", ">secret1", "~cart:*", "+get", "+client")

    def refuse(*commands: str) -> None:
        client = redis.Redis(port=server.port, username="app", password="secret1", client_name="shop")
        for command in commands:
            with contextlib.suppress(redis.exceptions.NoPermissionError):
                client.execute_command(*command.split())
        client.close()

    async def first() -> None:
        refuse("FLUSHALL", "FLUSHALL", "GET user:1234")
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("3m")
            found = [one["fields"] for one in await events(daemon, "kind=acl_denial")]
            assert {(one["object"], one["username"], one["count"]) for one in found} == {
                ("flushall", "app", 2),
                ("user:{id}", "app", 1),
            }
            assert {one["client_name"] for one in found} == {"shop"}
            refuse("FLUSHALL")
            await daemon.pass_time("3m")
            newest = (await events(daemon, "kind=acl_denial"))[0]["fields"]
            assert (newest["object"], newest["count"]) == ("flushall", 1)

    async def second() -> None:
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("3m")
            assert len(await events(daemon, "kind=acl_denial")) == 3
            server.command("ACL", "LOG", "RESET")
            refuse("FLUSHALL")
            await daemon.pass_time("3m")
            assert len(await events(daemon, "kind=acl_denial")) == 4
            assert "secret1" not in (await daemon.get("/api/events")).text

    run_fast(first())
    run_fast(second())


def test_latency_spikes_are_kept_each_once(start_each_server: StartServer, tmp_path: Path) -> None:
    server = start_each_server("--latency-monitor-threshold", "250")
    if "enable-debug-command" in str(server.command("CONFIG", "GET", "enable-debug-command")):
        server.stop()
        server.arguments += ("--enable-debug-command", "yes")
        server.start()

    async def play() -> Sequence[Any]:
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("1m")
            return await events(daemon, "kind=latency_spike")

    def spike() -> None:
        server.command("DEBUG", "SLEEP", "0.3")
        time.sleep(1.1)

    async def story() -> None:
        assert [one["fields"]["event"] for one in await play()] == ["command", "command"]

    async def after() -> None:
        found = await play()
        assert [one["fields"]["event"] for one in found] == ["command"] * 3
        assert all(one["fields"]["duration_seconds"] >= 0.25 for one in found)

    spike()
    spike()
    run_fast(story())
    spike()
    run_fast(after())


def test_passes_over_the_keyspace_have_a_begin_and_an_end(start_server: StartServer) -> None:
    server = start_server()
    for number in range(50):
        server.command("SET", f"user:{number}", "x")

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("9m")
            end, begin = await events(daemon, "kind=scan")
            assert begin["fields"] == {"state": "begin", "resumed": False, "on": ""}
            assert (end["fields"]["state"], end["fields"]["keys"], end["fields"]["complete"]) == (
                "end",
                50,
                True,
            )

    run_fast(story())


def test_a_server_whose_version_changes(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()

    async def story() -> None:
        altered = await AlteredServer(server).start()
        async with FastDaemon(altered.url) as daemon:
            await daemon.pass_time("1m")
            altered.info["valkey_version"] = "9.9.9"
            await daemon.pass_time("1m")
            (change,) = await events(daemon, "kind=version_change")
            assert change["fields"]["after"] == "valkey 9.9.9"
        await altered.stop()

    run_fast(story())


def test_what_people_change_is_told_with_before_and_after_and_without_secrets(
    start_each_server: StartServer, tmp_path: Path
) -> None:
    server = start_each_server()

    async def first() -> None:
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("2m")
            assert not await events(daemon, "kind=config_change,acl_change")
            with redis.Redis(port=server.port, client_name="ops") as person:
                person.config_set("maxmemory-policy", "allkeys-lru")
                person.config_set("masterauth", "hunter2")
                person.acl_setuser("alice", enabled=True, passwords=["+secret7"], categories=["+@read"])
                person.config_set("timeout", "7")
                await daemon.pass_time("2m")
            found = [one["fields"] for one in await events(daemon, "kind=config_change")]
            assert {(one["parameter"], one["before"], one["after"]) for one in found} == {
                ("maxmemory-policy", "noeviction", "allkeys-lru"),
                ("timeout", "0", "7"),
            }
            if server.command("INFO", "server")["redis_version"] >= "7":
                assert {one["by_name"] for one in found} == {"ops"}
                assert {one["by_user"] for one in found} == {"default"}
            (user,) = [one["fields"] for one in await events(daemon, "kind=acl_change")]
            assert (user["user"], user["change"]) == ("alice", "new")
            assert "+@read" in user["after"]
            assert (
                daemon.value(f'redis_config_changes_total{{what="config",instance="{server.instance}"}}') == 2
            )

            server.command("ACL", "SETUSER", "alice", "resetpass", ">secret8")
            server.command("ACL", "DELUSER", "nobody")
            await daemon.pass_time("2m")
            changed = (await events(daemon, "kind=acl_change"))[0]["fields"]
            assert (changed["user"], changed["change"]) == ("alice", "changed")
            assert changed["passwords_changed"] is True

    async def second() -> None:
        server.command("CONFIG", "SET", "timeout", "9")
        server.command("ACL", "DELUSER", "alice")
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("2m")
            # The clock of the first story was ahead of this one's.
            found = [one["fields"] for one in await events(daemon, "kind=config_change")]
            assert len(found) == 3
            assert ("timeout", "7", "9") in [(one["parameter"], one["before"], one["after"]) for one in found]
            users = [one["fields"] for one in await events(daemon, "kind=acl_change")]
            assert [one["user"] for one in users if one["change"] == "gone"] == ["alice"]

    run_fast(first())
    run_fast(second())
    kept = (tmp_path / "data" / "events.db").read_bytes()
    for secret in (b"hunter2", b"secret7", b"secret8", hashlib.sha256(b"secret8").hexdigest().encode()):
        assert secret not in kept


def test_names_and_libraries_of_clients_that_are_new_and_gone(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("1m")
            workers = [redis.Redis(port=server.port, client_name=f"worker-{number}") for number in range(50)]
            for worker in workers:
                worker.execute_command("CLIENT", "SETINFO", "LIB-NAME", "rq")
                worker.execute_command("CLIENT", "SETINFO", "LIB-VER", "2.1")
            await daemon.pass_time("1m")
            found = [one["fields"] for one in reversed(await events(daemon, "kind=client_change"))]
            assert [(one["what"], one["new"], one["gone"]) for one in found] == [
                ("name", ["worker-{id}"], []),
                ("library", ["rq 2.1"], []),
            ]
            for worker in workers:
                worker.close()
            await daemon.pass_time("12m")
            found = [one["fields"] for one in reversed(await events(daemon, "kind=client_change"))]
            assert [(one["what"], one["new"], one["gone"]) for one in found[2:]] == [
                ("name", [], ["worker-{id}"]),
                ("library", [], ["rq 2.1"]),
            ]

    run_fast(story())


def test_large_requests_and_replies_of_valkey(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(
        "--commandlog-request-larger-than", "1000", "--commandlog-reply-larger-than", "1000",
        "--slowlog-log-slower-than", "-1",
    )  # fmt: skip

    async def play() -> Sequence[Any]:
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("1m")
            return await events(daemon, "kind=large_request,large_reply")

    async def story() -> None:
        found = await play()
        assert sorted((one["kind"], one["fields"]["pattern"]) for one in found) == [
            ("large_reply", "GET page:{id}"),
            ("large_request", "SET page:{id}"),
        ]
        assert all(one["fields"]["bytes"] > 2000 for one in found)

    async def after() -> None:
        assert len(await play()) == 3

    server.command("SET", "page:1", "x" * 2000)
    server.command("GET", "page:1")
    run_fast(story())
    server.command("GET", "page:1")
    run_fast(after())


def test_starts_ends_and_reloads_tell_which_files_changed(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.reload({"global": {"evaluation_interval": "20s"}})
            with pytest.raises(VigilError):
                await daemon.reload({"global": {"evaluation_interval": "soon"}})
            daemon.change({"global": {"evaluation_interval": "20s"}})
            failed, reload = await events(daemon, "kind=reload")
            assert reload["fields"]["files_changed"] == [str(daemon.config_path)]
            assert failed["fields"]["outcome"] == "failed"
            assert "evaluation_interval" in failed["fields"]["error"]
            (started,) = await events(daemon, "kind=daemon")
            assert (started["fields"]["state"], started["fields"]["ended_cleanly"]) == ("started", None)

    async def after() -> None:
        async with FastDaemon(stored(tmp_path), server) as daemon:
            found = [one["fields"] for one in await events(daemon, "kind=daemon")]
            assert sorted(one["state"] for one in found) == ["started", "started", "stopping"]
            assert {one.get("ended_cleanly") for one in found} == {None, True}

    run_fast(story())
    run_fast(after())


def test_a_failover_by_sentinels_is_told_by_them_and_by_the_replica_that_was_promoted(
    start_server: StartServer,
) -> None:
    group = SentinelGroup(start_server)
    watched = [group.primary, *group.replicas, group.sentinels[0]]

    async def story() -> None:
        async with FastDaemon(*watched) as daemon:
            await daemon.pass_time("2m")
            group.primary.kill()
            with daemon.hanging(group.primary.port):
                await daemon.wait_really_until(
                    lambda: group.promoted is not None and group.is_settled(group.promoted), 60
                )
                await daemon.pass_time("3m")
            assert group.promoted is not None
            found = {one["fields"]["told_by"]: one for one in await events(daemon, "kind=failover")}
            told = found["sentinel"]["fields"]
            assert (told["master_name"], told["before"]) == ("main", group.primary.instance)
            assert told["after"] == group.promoted.instance
            promoted = found["the promoted replica"]
            assert promoted["instance"] == group.promoted.instance
            assert promoted["fields"]["before"] == group.primary.instance
            other = next(one for one in group.replicas if one is not group.promoted)
            (moved,) = await events(daemon, f"kind=topology_change&instance={other.instance}")
            assert moved["fields"]["what"] == "primary"
            assert moved["fields"]["after"] == group.promoted.instance

    run_fast(story())


def test_slots_that_move_from_node_to_node(start_server: StartServer) -> None:
    cluster = Cluster(start_server)
    first, second, _ = cluster.primaries

    async def story() -> None:
        async with FastDaemon(first, second) as daemon:
            await daemon.pass_time("2m")
            assert not await events(daemon, "kind=topology_change")
            cluster.move_slots(first, second, [0, 1])
            await daemon.pass_time("2m")
            found = {one["instance"]: one["fields"] for one in await events(daemon, "kind=topology_change")}
            assert (found[first.instance]["before"], found[first.instance]["after"]) == ("0-5460", "2-5460")
            assert found[second.instance]["after"] == "0-1,5461-10922"

    run_fast(story())


def test_a_storm_of_slow_commands_is_bounded_and_what_was_missed_is_counted(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("--slowlog-log-slower-than", "-1", "--slowlog-max-len", "100000")

    def storm(count: int) -> None:
        server.command("CONFIG", "SET", "slowlog-log-slower-than", 0)
        pipeline = server.client.pipeline(transaction=False)
        for number in range(count):
            pipeline.get(f"user:{number}")
        pipeline.execute()
        server.command("CONFIG", "SET", "slowlog-log-slower-than", -1)

    async def play() -> tuple[int, int]:
        async with FastDaemon(stored(tmp_path), server) as daemon:
            await daemon.pass_time("1m")
            lost = await events(daemon, "kind=slowlog_lost")
            kept = daemon.app.core.events._database.numbers.stored["slowlog"]
            return kept, sum(one["fields"]["entries"] for one in lost)

    async def first() -> None:
        assert await play() == (1024, 0)

    async def second() -> None:
        # The command that sets the threshold is logged as well.
        kept, lost = await play()
        assert (kept, kept + lost) == (2048, 1024 + 5_001)

    storm(100_000)
    run_fast(first())
    storm(5_000)
    run_fast(second())
