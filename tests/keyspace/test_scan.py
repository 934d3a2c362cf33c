"""Scans of real servers: exact counts, and nothing left behind."""

from collections.abc import Mapping
from random import Random

import pytest

from exporter.errors import Reason, ReplyError
from tests.conftest import StartServer
from tests.keyspace.platforms import SHAPES, make_names
from tests.keyspace.scanning import Setting, client, scan, statistics
from tests.servers import RealServer

LRU = ("--maxmemory-policy", "allkeys-lru", "--maxmemory", "200mb")


def fill(server: RealServer, made: Mapping[str, list[bytes]], seed: int = 0) -> None:
    """A key for each name, of the types in turn; every third has a TTL."""
    random = Random(seed)
    pipe = client(server).pipeline(transaction=False)
    for turn, names in enumerate(made.values()):
        for number, name in enumerate(names):
            size = random.randint(1, 30)
            match turn % 5:
                case 0:
                    pipe.set(name, "v" * size * 10)
                case 1:
                    pipe.hset(name, mapping={f"f{i}": "v" * i for i in range(size)})
                case 2:
                    pipe.rpush(name, *(f"e{i}" for i in range(size)))
                case 3:
                    pipe.sadd(name, *(f"m{i}" for i in range(size)))
                case _:
                    pipe.zadd(name, {f"m{i}": i for i in range(size)})
            if number % 3 == 0:
                pipe.expire(name, 1000 + number)
    pipe.execute()


def memory_of(server: RealServer, made: Mapping[str, list[bytes]]) -> dict[str, int]:
    """The sum of MEMORY USAGE by pattern."""
    pipe = client(server).pipeline(transaction=False)
    for names in made.values():
        for name in names:
            pipe.execute_command("MEMORY", "USAGE", name)
    sizes = iter(pipe.execute())
    return {pattern: sum(next(sizes) for _ in names) for pattern, names in made.items()}


def numbers(prefix: str, count: int) -> list[bytes]:
    return [f"{prefix}:{number}".encode() for number in range(count)]


def test_patterns_types_and_memory_are_those_of_the_server(each_empty_server: RealServer) -> None:
    server = each_empty_server
    made = make_names(dict.fromkeys(SHAPES, 60))
    fill(server, made)
    found = scan(server)
    assert found.keys == dict.fromkeys(made, 60)
    assert found.memory == memory_of(server, made)
    report = found.report
    assert (report.complete, report.exact, report.notes) == (True, True, [])
    assert [(one.database, one.keys, one.size, one.asked) for one in report.databases] == [
        ("db0", 1500, 1500, 1500)
    ]
    assert {one.type: one.keys for one in report.types} == dict.fromkeys(
        ("string", "hash", "list", "set", "zset"), 300
    )
    assert all(
        pattern.keys_without_ttl == 40 and pattern.ttl_seconds.count == 20 for pattern in report.patterns
    )
    assert all(sum(one.encodings.values()) == 300 for one in report.types)
    assert report.databases[0].idle_seconds is not None
    assert report.databases[0].idle_seconds.count == 1500
    assert report.accounted_ratio is not None


def test_our_own_hits_and_misses_are_known_exactly(each_empty_server: RealServer) -> None:
    server = each_empty_server
    fill(server, make_names(dict.fromkeys(SHAPES, 40)))
    client(server).rpush("big", *range(20_000))
    pipe = client(server).pipeline(transaction=False)
    for number in range(50):
        pipe.set(f"short:{number}", "", px=1)
    pipe.execute()
    hits, misses = statistics(server)

    def delete(_: object) -> None:
        for name in list(server.client.scan_iter(count=1000))[:300]:
            server.client.delete(name)

    found = scan(server, Setting(deeds={2: delete}))
    after = statistics(server)
    assert (found.lookups.hits, found.lookups.misses) == (after[0] - hits, after[1] - misses)
    assert found.lookups.misses > 0
    assert found.lookups.hits > 1000


def test_the_hit_rate_stays_right_during_a_full_scan(empty_server: RealServer) -> None:
    server = empty_server
    fill(server, {"job": numbers("job", 3000)})
    hits, misses = statistics(server)

    def use(_: object) -> None:
        pipe = server.client.pipeline(transaction=False)
        for number in range(100):
            pipe.get(f"job:{number}")
            pipe.get(f"nothing:{number}")
        pipe.execute()

    found = scan(server, Setting(deeds=dict.fromkeys(range(1, 11), use)))
    after = statistics(server)
    own_rate = (after[0] - hits) / (after[0] - hits + after[1] - misses)
    real_hits = after[0] - hits - found.lookups.hits
    real_misses = after[1] - misses - found.lookups.misses
    assert own_rate > 0.8
    assert real_hits == real_misses == 1000


def test_idle_times_do_not_change(start_each_server: StartServer) -> None:
    server = start_each_server(*LRU)
    raw = client(server)
    raw.set("seed", "x" * 100)
    raw.rpush("seedlist", *range(5000))
    text, items = raw.dump("seed"), raw.dump("seedlist")
    raw.delete("seed", "seedlist")
    for number in range(300):
        value = items if number % 3 == 0 else text
        raw.execute_command("RESTORE", f"k:{number}", 0, value, "IDLETIME", 5000 + number)
    found = scan(server)
    assert found.keys == {"k:*": 300}
    for number in range(300):
        # Those that were asked for their length without NO-TOUCH are big by their memory.
        assert raw.object("idletime", f"k:{number}") >= 5000 + number
    assert found.report.patterns[0].idle_seconds is not None
    assert found.report.patterns[0].idle_seconds.buckets["1800"] == 0


def test_the_order_of_eviction_does_not_change(start_each_server: StartServer) -> None:
    server = start_each_server(*LRU, "--maxmemory-samples", "64")
    raw = client(server)
    raw.set("seed", "x" * 20_000)
    value = raw.dump("seed")
    raw.delete("seed")
    order = list(range(60))
    Random(1).shuffle(order)
    for place, number in enumerate(order):
        raw.execute_command("RESTORE", f"k:{number}", 0, value, "IDLETIME", 1000 + 60 * place)
    scan(server)
    limit = raw.info("memory")["used_memory"] - 20 * 20_000
    raw.config_set("maxmemory", limit)
    raw.set("one", "more")
    left = {int(name[2:]) for name in raw.keys("k:*")}
    gone = [place for place, number in enumerate(order) if number not in left]
    # The longest idle have gone first.
    assert len(gone) > 10
    assert min(gone) >= 60 - len(gone) - 2


def test_every_database_with_keys_is_scanned(each_empty_server: RealServer) -> None:
    server = each_empty_server
    for number, count in ((0, 30), (1, 40), (7, 50)):
        pipe = server.client.pipeline(transaction=False)
        pipe.execute_command("SELECT", number)
        for index in range(count):
            pipe.set(f"in{number}:{index}", "x")
        pipe.execute_command("SELECT", 0)
        pipe.execute()
    report = scan(server).report
    found = {(one.database, one.pattern): one.keys for one in report.patterns}
    assert found == {("db0", "in0:*"): 30, ("db1", "in1:*"): 40, ("db7", "in7:*"): 50}
    only = scan(server, databases=[1]).report
    assert [one.pattern for one in only.patterns] == ["in1:*"]


def test_at_most_so_many_patterns_are_shown(empty_server: RealServer) -> None:
    for family, count in (("a", 50), ("b", 30), ("c", 20), ("d", 10)):
        fill(empty_server, {family: numbers(family, count)})
    report = scan(empty_server, max_patterns=2).report
    assert [(one.pattern, one.keys, one.patterns) for one in report.patterns] == [
        ("a:*", 50, 1),
        ("b:*", 30, 1),
        ("other", 30, 2),
    ]
    own = scan(empty_server, max_patterns=2, patterns=["d:{id}"]).report
    assert [(one.pattern, one.keys) for one in own.patterns] == [("a:*", 50), ("d:{id}", 10), ("other", 50)]


def test_the_biggest_keys_are_told(each_empty_server: RealServer) -> None:
    raw = client(each_empty_server)
    raw.rpush("list:long", *range(50_000))
    raw.set("string:huge", "x" * (3 << 20))
    raw.hset("hash:big", mapping={f"f{i}": i for i in range(5000)})
    raw.sadd("set:small", 1, 2, 3)
    fill(each_empty_server, {"k": numbers("k", 100)})
    report = scan(each_empty_server, top_keys=2).report
    biggest = {(key.type, key.key): key for key in report.biggest_keys}
    assert biggest["list", "list:long"].length == 50_000
    assert biggest["string", "string:huge"].length == 3 << 20
    assert biggest["hash", "hash:big"].length == 5000
    assert sum(key.type == "string" for key in report.biggest_keys) == 2
    assert {one.type: one.big_keys for one in report.types} == {"list": 1, "string": 1, "hash": 1, "set": 0}
    for names, expected in (("hash", 0), ("hide", 0), ("show", 1)):
        shown = scan(each_empty_server, key_names=names).report.biggest_keys
        assert sum(key.key == "list:long" for key in shown) == expected
        assert len(shown) == (0 if names == "hide" else len(shown))


def test_growth_is_told_from_pass_to_pass(empty_server: RealServer) -> None:
    raw = client(empty_server)
    fill(empty_server, {"k": numbers("k", 100)})
    raw.rpush("log", *range(5000))
    history = scan(empty_server).history
    history.report.finished_at -= 3600
    for passes in (1, 2):
        raw.rpush("log", *range(1000))
        fill(empty_server, {"k": numbers("k", 100 + 100 * passes)})
        found = scan(empty_server, Setting(history=history))
        growing = {key.key: key.growing_passes for key in found.report.biggest_keys}
        assert growing["log"] == passes
        history = found.history
        (pattern,) = [one for one in found.report.patterns if one.pattern == "k:*"]
        if passes == 1:
            assert pattern.keys_per_hour == pytest.approx(100, rel=0.01)
            assert pattern.memory_bytes_per_hour is not None
            assert pattern.memory_bytes_per_hour > 5000


def test_a_sample_of_a_given_size(empty_server: RealServer) -> None:
    made = {"a": numbers("a", 6000), "b": numbers("b", 3000)}
    fill(empty_server, made)
    truth = {f"{name}:*": memory for name, memory in memory_of(empty_server, made).items()}
    found = scan(empty_server, sample=2000)
    assert found.keys == {"a:*": 6000, "b:*": 3000}
    assert not found.report.exact
    assert 1500 < found.report.databases[0].asked < 2600
    for pattern in found.report.patterns:
        assert pattern.memory_error_ratio is not None
        assert pattern.memory_bytes == pytest.approx(
            truth[pattern.pattern], rel=2 * pattern.memory_error_ratio
        )
        assert pattern.without_ttl_ratio == pytest.approx(2 / 3, abs=0.08)


def test_the_frequency_of_use_under_an_lfu_policy(start_each_server: StartServer) -> None:
    server = start_each_server("--maxmemory-policy", "allkeys-lfu", "--maxmemory", "200mb")
    fill(server, {"k": numbers("k", 200)})
    before = [client(server).object("freq", f"k:{number}") for number in range(200)]
    report = scan(server).report
    assert report.databases[0].idle_seconds is None
    assert report.databases[0].access_frequency is not None
    assert report.databases[0].access_frequency.count == 200
    assert [client(server).object("freq", f"k:{number}") for number in range(200)] == before


def test_nothing_is_written_and_no_forbidden_command_is_used(each_empty_server: RealServer) -> None:
    server = each_empty_server
    fill(server, make_names(dict.fromkeys(SHAPES, 20)))
    server.command("CONFIG", "RESETSTAT")
    changes = server.client.info("persistence")["rdb_changes_since_last_save"]
    scan(server)
    used = {name.removeprefix("cmdstat_") for name in server.client.info("commandstats")}
    assert server.client.info("persistence")["rdb_changes_since_last_save"] == changes
    reading = {
        *(
            "scan",
            "dbsize",
            "type",
            "pttl",
            "memory|usage",
            "memory",
            "object|idletime",
            "object|encoding",
            "object",
        ),
        *("strlen", "llen", "hlen", "scard", "zcard", "xlen", "info", "ping", "select", "readonly"),
        *(
            "client|setname",
            "client|setinfo",
            "client|no-touch",
            "client",
            "config|resetstat",
            "config",
            "hello",
        ),
    }
    assert used <= reading


def user(server: RealServer, *rules: str) -> str:
    server.command("ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", *rules)
    return "limited"


def test_a_refused_command_is_noted(each_empty_server: RealServer) -> None:
    fill(each_empty_server, {"k": numbers("k", 500)})
    name = user(each_empty_server, "-memory", "-object", "-dbsize")
    report = scan(each_empty_server, Setting(username=name)).report
    (pattern,) = report.patterns
    assert (pattern.keys, pattern.keys_without_ttl, pattern.memory_error_ratio) == (500, 333, None)
    assert report.complete
    assert any("MEMORY USAGE" in note for note in report.notes)


@pytest.mark.parametrize("rule", ["-scan", "-@all"])
def test_a_server_that_refuses_to_be_scanned(each_empty_server: RealServer, rule: str) -> None:
    fill(each_empty_server, {"k": numbers("k", 10)})
    name = user(each_empty_server, rule)
    with pytest.raises(ReplyError) as caught:
        scan(each_empty_server, Setting(username=name))
    assert caught.value.reason is Reason.PERMISSION
