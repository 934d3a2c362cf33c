"""Keys, streams and scripts that the configuration names."""

from pathlib import Path
from typing import Any

import pytest

from exporter.model.key_choice import KeyChoice, parse_choices
from tests.conftest import StartServer
from tests.fake_server import AnyServer
from tests.live.daemon import wait_until
from tests.samplers.sampling import Sampling, run_async, sampling
from tests.servers import RealServer


def sampled(server: AnyServer, name: str, verify: Any, /, **options: Any) -> None:
    """Run one sampler with these options and hand it to `verify`."""

    async def scenario() -> None:
        async with sampling(server, "info", name, settings={name: options}) as probe:
            await probe.run()
            verify(probe)

    run_async(scenario)


@pytest.mark.parametrize(
    ("text", "database", "name", "is_pattern"),
    [
        ("a", 0, "a", False),
        ("db3=a*", 3, "a*", True),
        ("12=a", 12, "a", False),
        ("db0=a=b", 0, "a=b", False),
        ("dbx=a", 0, "dbx=a", False),
        ("a[12]", 0, "a[12]", True),
    ],
)
def test_the_notation_of_keys(text: str, database: int, name: str, is_pattern: bool) -> None:
    choice = KeyChoice.parse(text)

    assert (choice.database, choice.name, choice.is_pattern) == (database, name, is_pattern)


def test_lists_of_keys() -> None:
    assert [str(choice) for choice in parse_choices("a, db1=b%2Cc,,db2=d+e")] == [
        "db0=a",
        "db1=b,c",
        "db2=d e",
    ]
    with pytest.raises(ValueError, match="names no key"):
        parse_choices("db3=")


def test_sizes_and_values(each_empty_server: RealServer) -> None:
    client = each_empty_server.client
    client.set("counter", "17.5")
    client.set("name", "jo")
    client.set("large", "9" * 100_000)
    client.rpush("list", *range(3))
    client.sadd("set", *range(4))
    client.zadd("zset", {str(index): index for index in range(5)})
    client.hset("hash", mapping={str(index): "v" for index in range(6)})
    client.xadd("stream", {"a": "1"})
    client.pfadd("loglog", *range(1000))
    client.pfcount("loglog")
    before = client.dump("loglog")

    def check(probe: Sampling) -> None:
        def size(key: str) -> float | None:
            return probe.value("redis_key_size", db="db0", key=key)

        assert size("counter") == 4.0
        assert (size("list"), size("set"), size("zset"), size("hash"), size("stream")) == (3, 4, 5, 6, 1)
        assert size("large") == 100_000.0
        assert size("loglog") == pytest.approx(1000, rel=0.05)
        assert size("missing") == 0.0
        assert probe.value("redis_key_value", db="db0", key="counter") == 17.5
        assert probe.value("redis_key_value", db="db0", key="large") is None
        assert probe.values("redis_key_value_as_string") == {}
        memory = probe.value("redis_key_memory_usage_bytes", db="db0", key="large")
        assert memory is not None
        assert memory > 100_000
        assert probe.value("redis_key_memory_usage_bytes", db="db0", key="missing") is None

    names = ["counter", "name", "large", "list", "set", "zset", "hash", "stream", "loglog", "missing"]
    sampled(each_empty_server, "keys", check, check=names)
    # PFCOUNT would have been allowed to write.
    assert client.dump("loglog") == before


def test_patterns_in_several_databases(each_empty_server: RealServer) -> None:
    for database in (0, 3):
        each_empty_server.command("SELECT", database)
        for index in range(30):
            each_empty_server.command("SET", f"user:{index}", index)
        each_empty_server.command("SET", "else", "1")
    each_empty_server.command("SELECT", 0)

    def check(probe: Sampling) -> None:
        assert probe.value("redis_keys_count", db="db3", key="user:*") == 30.0
        assert probe.value("redis_keys_count", db="db5", key="user:*") == 0.0
        assert len(probe.values("redis_key_size")) == 20
        assert probe.value("redis_vigil_sampler_success", sampler="keys") == 1.0

    options = {
        "check": ["db3=user:*"],
        "count": ["db3=user:*", "db5=user:*"],
        "max_keys": 20,
        "batch_size": 7,
    }
    sampled(each_empty_server, "keys", check, **options)


def test_a_long_walk_takes_several_passes(either_server: AnyServer) -> None:
    pipeline = either_server.client.pipeline()
    for index in range(3000):
        pipeline.set(f"user:{index}", "1")
    pipeline.execute()

    async def scenario() -> None:
        options = {"keys": {"count": ["user:*"], "batch_size": 100, "max_scanned": 1000}}
        async with sampling(either_server, "keys", settings=options) as probe:
            counts: list[float | None] = []
            # A machine that is busy gives a pass less time.
            while counts[-1:] in ([], [None]) and len(counts) < 50:
                await probe.run()
                counts.append(probe.value("redis_keys_count", db="db0", key="user:*"))
            assert counts[:2] == [None, None]
            assert counts[-1] == 3000.0

    run_async(scenario)


def test_values_as_configured(empty_server: RealServer) -> None:
    empty_server.command("SET", "name", 'a"b\nc')
    empty_server.command("SET", "n", "5")

    def check_all(probe: Sampling) -> None:
        assert probe.value("redis_key_value_as_string", db="db0", key="name", val='a"b\nc') == 1.0
        assert probe.value("redis_key_value", db="db0", key="n") == 5.0

    def check_none(probe: Sampling) -> None:
        assert probe.values("redis_key_value") == probe.values("redis_key_value_as_string") == {}

    sampled(empty_server, "keys", check_all, check_single=["name", "n"], values="all")
    sampled(empty_server, "keys", check_none, check_single=["name", "n"], values="none")


def test_streams_groups_and_consumers(each_empty_server: RealServer) -> None:
    client = each_empty_server.client
    for index in range(5):
        client.xadd("orders", {"n": index}, id=f"{1000 + index}-1")
    client.xgroup_create("orders", "billing", id="0")
    client.xreadgroup("billing", "worker-1", {"orders": ">"}, count=3)
    client.set("orders-no-stream", "1")
    is_old = client.info("server")["redis_version"].startswith("6.")

    def check(probe: Sampling) -> None:
        stream = {"db": "db0", "stream": "orders"}
        group = {**stream, "group": "billing"}
        assert probe.value("redis_stream_length", **stream) == 5.0
        assert probe.value("redis_stream_groups", **stream) == 1.0
        assert probe.value("redis_stream_last_generated_id", **stream) == 1004.0
        assert probe.value("redis_stream_first_entry_id", **stream) == 1000.0
        assert probe.value("redis_stream_last_entry_id", **stream) == 1004.0
        assert probe.value("redis_stream_group_consumers", **group) == 1.0
        assert probe.value("redis_stream_group_messages_pending", **group) == 3.0
        assert probe.value("redis_stream_group_last_delivered_id", **group) == 1002.0
        pending = "redis_stream_group_consumer_messages_pending"
        assert probe.value(pending, **group, consumer="worker-1") == 3.0
        idle = probe.value("redis_stream_group_consumer_idle_seconds", **group, consumer="worker-1")
        assert idle is not None
        assert idle < 10
        if not is_old:
            assert probe.value("redis_stream_entries_added_total", **stream) == 5.0
            assert probe.value("redis_stream_group_entries_read", **group) == 3.0
            assert probe.value("redis_stream_group_lag", **group) == 2.0
        assert len(probe.values("redis_stream_length")) == 1

    errors = client.info("errorstats")
    sampled(
        each_empty_server, "streams", check, check=["orders*"], check_single=["missing", "orders-no-stream"]
    )
    # What is no stream is not asked as one.
    assert client.info("errorstats") == errors


def test_limits_of_streams(empty_server: RealServer) -> None:
    for stream in range(5):
        for group in range(4):
            empty_server.command("XGROUP", "CREATE", f"s{stream}", f"g{group}", "0", "MKSTREAM")

    async def scenario() -> None:
        options = {"streams": {"check": ["s*"], "max_streams": 3, "max_groups": 2}}
        async with sampling(empty_server, "info", "streams", settings=options) as probe:
            await probe.run()
            await probe.run()
            assert len(probe.values("redis_stream_length")) == 3
            assert len(probe.values("redis_stream_group_consumers")) == 6
            assert probe.value("redis_vigil_left_out_series_total", sampler="streams", label="group") == 6.0

    run_async(scenario)


def test_scripts(each_empty_server: RealServer, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.lua", tmp_path / "bad.lua"
    good.write_text('return {"users", "17", "jobs", tostring(redis.call("DBSIZE") + 0.5)}')
    bad.write_text('redis.call("SET", "a", "1") return {"a", "1"}')
    is_old = each_empty_server.client.info("server")["redis_version"].startswith("6.")
    files = [str(good), str(bad)]

    def check(probe: Sampling) -> None:
        # EVAL_RO is not known before Redis 7.
        assert probe.value("redis_script_result", filename="good.lua") == float(not is_old)
        assert probe.value("redis_script_values", key="users", filename="good.lua") == (
            None if is_old else 17.0
        )
        assert probe.value("redis_script_result", filename="bad.lua") == 0.0

    def check_eval(probe: Sampling) -> None:
        assert probe.value("redis_script_values", key="jobs", filename="good.lua") == 0.5

    sampled(each_empty_server, "scripts", check, files=files)
    assert each_empty_server.command("DBSIZE") == 0
    sampled(each_empty_server, "scripts", check_eval, files=[str(good)], read_only=False)


@pytest.mark.parametrize(("run_on", "is_asked"), [("any", True), ("replica", False)])
def test_primaries_are_asked_for_no_keys_where_only_replicas_are(
    empty_server: RealServer, run_on: str, is_asked: bool
) -> None:
    empty_server.client.set("a", "1")
    empty_server.client.xadd("s", {"a": "1"})
    sampled(
        empty_server,
        "keys",
        lambda probe: _assert_there(probe, "redis_key_size", is_asked),
        check=["a"],
        count=["a*"],
        run_on=run_on,
    )
    sampled(
        empty_server,
        "streams",
        lambda probe: _assert_there(probe, "redis_stream_length", is_asked),
        check=["s"],
        run_on=run_on,
    )


def test_replicas_are_asked_where_only_these_are(empty_server: RealServer, start_server: StartServer) -> None:
    empty_server.client.set("a", "1")
    replica = start_server("--replicaof", "127.0.0.1", str(empty_server.port))
    wait_until(lambda: replica.client.exists("a"), 20.0, "the replica has the key")
    sampled(
        replica,
        "keys",
        lambda probe: _assert_there(probe, "redis_key_size", True),
        check=["a"],
        run_on="replica",
    )


def _assert_there(probe: Sampling, name: str, expected: bool) -> None:
    assert bool(probe.values(name)) is expected
