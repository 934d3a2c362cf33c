"""MEMORY STATS and ACL LOG."""

import contextlib

import redis

from tests.conftest import StartServer
from tests.samplers.sampling import run_async, sampling
from tests.servers import RealServer


def test_memory_stats(each_empty_server: RealServer) -> None:
    for index in range(10):
        each_empty_server.command("SET", f"a{index}", "x" * 100)

    async def scenario() -> None:
        async with sampling(each_empty_server, "memory") as probe:
            await probe.run()
            assert probe.value("redis_memory_stats_keys") == 10.0
            overhead = probe.value("redis_memory_stats_db_overhead_hashtable_main_bytes", db="db0")
            assert overhead is not None
            assert overhead > 0
            ratio = probe.value("redis_memory_stats_dataset_ratio")
            assert ratio is not None
            assert 0 < ratio <= 1

    run_async(scenario)


def test_denials_by_reason(start_each_server: StartServer) -> None:
    server = start_each_server()
    server.command("ACL", "SETUSER", "app", "on", ">secret", "+get", "+ping", "~a*")

    async def scenario() -> None:
        async with sampling(server, "info", "acl") as probe:
            await probe.run()
            assert probe.values("redis_acl_log_denials") == {}
            client = redis.Redis(port=server.port, protocol=2)
            for command in (
                ("AUTH", "app", "wrong"),
                ("AUTH", "app", "secret"),
                ("GET", "b"),
                ("SET", "a", "1"),
            ):
                with contextlib.suppress(redis.exceptions.RedisError):
                    client.execute_command(*command)
            client.close()
            await probe.run()
            # The client tries the wrong password more than once.
            assert probe.total("redis_acl_log_denials") > 2.0
            assert {dict(labels)["reason"] for labels in probe.values("redis_acl_log_denials")} == {
                "auth",
                "command",
                "key",
            }
            assert probe.value("redis_acl_log_denials", reason="command", context="toplevel") == 1.0
            assert probe.value("redis_acl_log_denials", reason="key", context="toplevel") == 1.0
            age = probe.value("redis_acl_log_newest_age_seconds")
            assert age is not None
            assert age < 10
            assert "secret" not in probe.page()
            assert "app" not in probe.page()

    run_async(scenario)
