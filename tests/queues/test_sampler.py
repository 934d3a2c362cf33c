"""The sampler as a whole: discovery, memory, limits, what it costs the server."""

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path

import pytest
import redis

from exporter.config.samplers.queues import (
    FRAMEWORK_GROUP,
    FRAMEWORKS,
    LIST_FRAMEWORK,
    ListPattern,
    QueuesSection,
    WorkerPattern,
)
from exporter.connection import Command, Reply
from exporter.errors import ReplyError
from exporter.queues.base import CandidateKeys, Found, KeyPattern, ReadContext
from exporter.queues.frameworks import bullmq, registry, rq
from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId, Reading
from exporter.queues.steps import Steps
from exporter.queues.vocabulary import State
from exporter.sampling.queue_keys import QueueKeys
from exporter.sampling.server_info import ServerInfo
from tests.conftest import StartServer
from tests.queues import recorded
from tests.queues.conftest import Load
from tests.queues.reading import Memory, Watcher, differences, read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0
# Everything that any framework may ask. Each only reads.
ALLOWED = {
    "client|list",
    "client|setname",
    "client|no-touch",
    "exists",
    "get",
    "getrange",
    "hget",
    "hlen",
    "hmget",
    "hstrlen",
    "hvals",
    "info",
    "lindex",
    "llen",
    "lrange",
    "ping",
    "psubscribe",
    "pttl",
    "scan",
    "scard",
    "select",
    "sscan",
    "hscan",
    "type",
    "xinfo|consumers",
    "xinfo|groups",
    "xinfo|stream",
    "xpending",
    "xrange",
    "xrevrange",
    "zcard",
    "zcount",
    "zrange",
    "zrangebyscore",
    "zrevrange",
    "zscore",
}


def make_queue(server: RealServer, name: str = "mail", waiting: int = 1) -> None:
    server.client.hset(f"bull:{name}:meta", "version", "bullmq:6.7.0")
    server.client.lpush(f"bull:{name}:wait", *range(1, waiting + 1))


def all_recorded(server: RealServer, load_dump: Load) -> None:
    """Everything that was recorded, in one database: keys of one framework overwrite those of its twin."""
    for path in recorded.all_dumps():
        if path.stem.split("-")[0] not in ("bullmq5", "bull3") and "killed" not in path.stem:
            for key in recorded.load(path)["keys"]:
                server.client.delete(key)
            load_dump(path)


def test_nothing_but_reading_commands_are_sent(empty_server: RealServer, load_dump: Load) -> None:
    all_recorded(empty_server, load_dump)
    empty_server.client.config_resetstat()
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        watcher.read(AT + 15)
    used = {name.removeprefix("cmdstat_") for name in empty_server.client.info("commandstats")}
    # What the test itself has sent.
    assert used - ALLOWED <= {"config|resetstat", "info", "client|setinfo", "hello"}


def test_the_server_itself_says_that_no_command_writes(empty_server: RealServer, load_dump: Load) -> None:
    all_recorded(empty_server, load_dump)
    settings = QueuesSection(
        lists=(ListPattern(key="queue:{name}"), ListPattern(key="later", type="zset", name="later")),
        workers=(WorkerPattern(key="worker:{id}"),),
    )
    empty_server.client.lpush("queue:mine", "{}")
    empty_server.client.zadd("later", {"x": AT})
    empty_server.client.config_resetstat()
    with Watcher(empty_server.url, settings) as watcher:
        for passed in (0, 15, 90):
            watcher.sample(AT + passed)
        assert watcher.facts.on_names is not None
        watcher.facts.on_names(0, [b"bull:mail:wait", b"user:1"])
        watcher.sample(AT + 105)
    used = {name.removeprefix("cmdstat_") for name in empty_server.client.info("commandstats")}
    assert len(used) > 20
    for command in used:
        words = command.split("|")
        facts = empty_server.client.execute_command("COMMAND", "INFO", words[0])[words[0]]
        assert "write" not in facts["flags"], command


def reach(command: Command) -> int:
    """How many elements the answer to a command that reads a range can have; 0 for other commands."""
    words = [str(word) for word in command]
    if words[0] in ("LRANGE", "ZRANGE", "ZREVRANGE"):
        first, last = int(words[2]), int(words[3])
        return last - first + 1 if (first < 0) == (last < 0) else 10**9
    if words[0] == "ZRANGEBYSCORE":
        return int(words[words.index("LIMIT") + 2])
    if words[0] in ("XRANGE", "XREVRANGE"):
        return int(words[words.index("COUNT") + 1])
    return int(words[-1]) if words[0] == "XPENDING" else 0


def test_every_range_has_an_end(
    empty_server: RealServer, load_dump: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_recorded(empty_server, load_dump)
    empty_server.client.xadd("orders", {"order": "1"}, id="5-0")
    empty_server.client.xgroup_create("orders", "billing", id="3-0")
    asked: list[Command] = []
    with Watcher(empty_server.url) as watcher:
        pipeline = watcher.sampler._connection.pipeline

        async def note(commands: Sequence[Command], **options: float | None) -> list[Reply]:
            asked.extend(commands)
            return await pipeline(commands, **options)

        monkeypatch.setattr(watcher.sampler._connection, "pipeline", note)
        for passed in (0, 15, 75):
            watcher.sample(AT + passed)
    kinds = {str(command[0]) for command in asked}
    assert {"LRANGE", "ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "XRANGE", "XREVRANGE", "XPENDING"} <= kinds
    assert not {"SMEMBERS", "HGETALL", "HKEYS", "KEYS", "SORT", "EVAL", "EVALSHA"} & kinds
    assert max(reach(command) for command in asked) <= 1000


def test_the_table_has_room_for_as_many_queues_as_are_allowed(empty_server: RealServer) -> None:
    pipe = empty_server.client.pipeline(transaction=False)
    for number in range(1300):
        stem = f"bull:queue{number}"
        pipe.hset(f"{stem}:meta", "version", "bullmq:6.7.0")
        pipe.lpush(f"{stem}:wait", "1")
        pipe.set(f"{stem}:id", 1)
        pipe.xadd(f"{stem}:events", {"event": "added"})
    pipe.execute()
    with Watcher(empty_server.url, QueuesSection(max_queues=1300)) as watcher:
        watcher.find(AT)
        for passed in (0, 60):
            watcher.read(AT + passed)
        sample = watcher.table.finish(0)
        assert len(sample.layout) > 20_000
        assert watcher.table.dropped == 0


def test_many_frameworks_share_one_database(empty_server: RealServer, load_dump: Load) -> None:
    # No two of these use the same keys.
    expectations = [
        load_dump(recorded.FOLDER / f"{name}-filled.json")
        for name in ("bullmq6", "celery", "rq", "arq", "dramatiq", "huey", "saq", "sidekiq", "bee-queue")
    ]
    for expected in expectations:
        if expected["framework"] in ("celery", "rq", "sidekiq", "dramatiq", "huey", "saq", "bullmq", "arq"):
            with Watcher(empty_server.url) as watcher:
                watcher.find(expected["at"])
                found = watcher.read(expected["at"])
            own = {key: report for key, report in found.items() if key[0] == expected["framework"]}
            assert differences(expected, own) == []


ROUND_TRIPS = "redis_vigil_queue_round_trips"


def make_busy_queue(server: RealServer, name: str) -> None:
    """A queue of which a pass needs answers before it can ask everything."""
    make_queue(server, name, waiting=3)
    for job in ("1", "2", "7", "8", "9"):
        server.client.hset(f"bull:{name}:{job}", "timestamp", int((AT - 100 * int(job)) * 1000))
    server.client.lpush(f"bull:{name}:active", "7", "8")
    server.client.set(f"bull:{name}:7:lock", "token")
    server.client.zadd(f"bull:{name}:prioritized", {"9": 1 << 32})


def test_a_pass_is_one_round_trip_whatever_the_number_of_queues(empty_server: RealServer) -> None:
    for number in range(50):
        make_busy_queue(empty_server, f"queue{number}")
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        for at, trips in ((AT, 3), (AT + 15, 1), (AT + 30, 1)):
            found = watcher.read(at)
            assert len(found) == 50
            assert watcher.values(ROUND_TRIPS) == {"{}": trips}
        report = found["bullmq", "queue49"]
        assert (report.oldest_job_age_seconds, report.orphaned) == (930, 1)


def test_what_has_moved_costs_another_round_trip_and_is_right(empty_server: RealServer) -> None:
    for number in range(5):
        make_busy_queue(empty_server, f"queue{number}")
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        for at in (AT, AT + 15):
            watcher.read(at)
        # A worker takes up the oldest job, and another one loses its lock.
        empty_server.client.zrem("bull:queue3:prioritized", "9")
        empty_server.client.rpoplpush("bull:queue3:wait", "bull:queue3:active")
        empty_server.client.set("bull:queue3:1:lock", "token")
        empty_server.client.delete("bull:queue3:7:lock")
        found = watcher.read(AT + 30)
        assert watcher.values(ROUND_TRIPS) == {"{}": 2}
        moved, other = found["bullmq", "queue3"], found["bullmq", "queue2"]
        assert (moved.oldest_job_age_seconds, moved.jobs["active"], moved.orphaned) == (230, 3, 2)
        assert (other.oldest_job_age_seconds, other.jobs["active"], other.orphaned) == (930, 2, 1)
        watcher.read(AT + 45)
        assert watcher.values(ROUND_TRIPS) == {"{}": 1}


def test_all_frameworks_together_are_one_round_trip_too(empty_server: RealServer, load_dump: Load) -> None:
    all_recorded(empty_server, load_dump)
    empty_server.client.xadd("orders", {"order": "1"})
    empty_server.client.xgroup_create("orders", "billing", id="0")
    empty_server.client.execute_command("SELECT", 3)
    make_busy_queue(empty_server, "elsewhere")
    empty_server.client.execute_command("SELECT", 0)
    # No walk but the first, which is over before the second pass: its round trips would count as the pass's.
    settings = QueuesSection.model_validate({"discovery_interval": "1h"})
    with Watcher(empty_server.url, settings) as watcher:
        trips = []
        # The last four of these passes ask the frameworks' indexes along.
        for passed in (0, 15, 30, 75, 135, 195, 255):
            assert len(watcher.sample(AT + passed)) > 30
            trips.append(watcher.values(ROUND_TRIPS)["{}"])
            watcher.finish_walk()
        assert trips[1:3] == [1, 1]
        # The first finds what it reads, and tells the indexes from other keys of their names.
        assert max(trips) <= 8
        # The server hands out names in an order of its own: now and then one pass asks once more.
        assert 1 in trips[3:]
        assert max(trips[3:]) <= 2


def test_a_vanished_queue_reads_0_until_it_is_forgotten(empty_server: RealServer) -> None:
    make_queue(empty_server)
    settings = QueuesSection.model_validate({"forget_after": "1h"})
    with Watcher(empty_server.url, settings) as watcher:
        watcher.sample(AT)
        empty_server.client.flushall()
        assert watcher.sample(AT + 3600)["bullmq", "mail"].jobs["waiting"] == 0
        watcher.sample(AT + 3601)
        assert watcher.sample(AT + 3602) == {}


def test_known_queues_and_counters_outlive_the_process(empty_server: RealServer) -> None:
    records = Memory()
    make_queue(empty_server)
    empty_server.client.xadd("bull:mail:events", {"event": "drained"})
    with Watcher(empty_server.url, records=records) as watcher:
        watcher.sample(AT)
        empty_server.client.xadd("bull:mail:events", {"event": "completed"})
        watcher.sample(AT + 15)
    empty_server.client.xadd("bull:mail:events", {"event": "completed"})
    with Watcher(empty_server.url, records=records) as watcher:
        assert watcher.sample(AT + 60)["bullmq", "mail"].finished == {"completed": 2, "failed": 0}
    empty_server.client.flushall()
    with Watcher(empty_server.url, records=records) as watcher:
        assert watcher.sample(AT + 90)["bullmq", "mail"].jobs["waiting"] == 0


def test_without_a_disk_it_goes_on(empty_server: RealServer, caplog: pytest.LogCaptureFixture) -> None:
    records = Memory()
    records.fails = True
    make_queue(empty_server)
    with Watcher(empty_server.url, records=records) as watcher:
        assert ("bullmq", "mail") in watcher.sample(AT)
    assert "cannot remember queues" in caplog.text
    assert "cannot save queues" in caplog.text


def test_new_queues_are_found_by_index_at_once_and_by_a_walk_soon(empty_server: RealServer) -> None:
    with Watcher(empty_server.url) as watcher:
        assert watcher.sample(AT) == {}
        empty_server.client.sadd("rq:queues", "rq:queue:mail")
        make_queue(empty_server)
        assert ("rq", "mail") in watcher.sample(AT + 31)
        watcher.finish_walk()
        assert ("bullmq", "mail") in watcher.sample(AT + 46)


def test_a_queue_is_found_soon_by_the_name_of_its_worker(empty_server: RealServer) -> None:
    name = f"bull:{base64.b64encode(b'mail').decode()}:w:hands"
    with Watcher(empty_server.url) as watcher:
        assert watcher.sample(AT) == {}
        make_queue(empty_server)
        worker = redis.Redis(port=empty_server.port, client_name=name, protocol=2)
        worker.ping()
        assert watcher.sample(AT + 31)["bullmq", "mail"].workers == 1
        worker.close()


def test_queues_in_other_databases_have_a_label(empty_server: RealServer) -> None:
    make_queue(empty_server, waiting=1)
    empty_server.client.execute_command("SELECT", 3)
    make_queue(empty_server, waiting=5)
    empty_server.client.execute_command("SELECT", 0)
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        values = watcher.values("redis_queue_jobs")
    waiting = {labels: value for labels, value in values.items() if '"waiting"' in labels}
    assert waiting == {
        '{framework="bullmq", queue="mail", state="waiting"}': 1,
        '{db="db3", framework="bullmq", queue="mail", state="waiting"}': 5,
    }


def test_only_configured_databases_are_looked_at(empty_server: RealServer) -> None:
    make_queue(empty_server)
    settings = QueuesSection(databases=(5,))
    assert read_queues(empty_server.url, AT, settings) == {}


def test_queues_may_be_ignored_and_frameworks_chosen(empty_server: RealServer) -> None:
    make_queue(empty_server, "mail")
    make_queue(empty_server, "temporary-1")
    empty_server.client.sadd("rq:queues", "rq:queue:mail")
    settings = QueuesSection(ignore=("temporary-*",), frameworks=("bullmq",))
    assert set(read_queues(empty_server.url, AT, settings)) == {("bullmq", "mail")}


def test_what_was_over_the_limit_is_over_when_walks_do_not_find_it_any_more(empty_server: RealServer) -> None:
    for number in range(4):
        make_queue(empty_server, f"queue{number}")
    with Watcher(empty_server.url, QueuesSection(max_queues=3)) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        # As long as nobody walks nothing is known to be gone.
        watcher.read(AT + 3600)
        assert watcher.values("redis_vigil_queues_dropped") == {'{framework="bullmq"}': 1}
        (left_out,) = watcher.sampler._known._refused["bullmq"]
        empty_server.client.delete(*empty_server.client.keys(left_out.name.decode() + "*"))
        watcher.find(AT + 3615)
        watcher.read(AT + 3615)
        watcher.read(AT + 3630)
        assert watcher.values("redis_vigil_queues_dropped") == {'{framework="bullmq"}': 0}


def test_what_is_over_the_limit_is_counted_and_logged_once(
    empty_server: RealServer, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        make_queue(empty_server, f"queue{number}")
    with Watcher(empty_server.url, QueuesSection(max_queues=3)) as watcher:
        watcher.find(AT)
        assert len(watcher.read(AT)) == 3
        assert watcher.values("redis_vigil_queues_dropped") == {'{framework="bullmq"}': 2}
        watcher.find(AT + 15)
        watcher.read(AT + 15)
    assert [record.message for record in caplog.records].count(
        "more queues than max_queues: some are not read"
    ) == 1


class Faulty:
    """A framework from elsewhere with a bug."""

    name = "faulty"
    key_patterns: Sequence[KeyPattern] = ()

    def label(self, queue: QueueId) -> str:
        return "mine"

    def find(self, seen: CandidateKeys, context: ReadContext) -> Steps[Sequence[Found]]:
        yield [("PING",)]
        return [Found(QueueId(self.name, b"mine"))]

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        yield [("PING",)]
        raise ValueError("a bug")


def test_a_faulty_framework_costs_just_its_own_queues(
    empty_server: RealServer, caplog: pytest.LogCaptureFixture
) -> None:
    make_queue(empty_server)
    with Watcher(empty_server.url, frameworks=[Faulty(), bullmq.FRAMEWORK]) as watcher:
        watcher.find(AT)
        assert set(watcher.read(AT)) == {("bullmq", "mail")}
    assert "a bug" in caplog.text


class Mine(Faulty):
    """A framework from elsewhere that works."""

    name = "mine"

    def read(self, queues: Sequence[KnownQueue], context: ReadContext) -> Steps[Sequence[Reading]]:
        yield [("PING",)]
        return [Reading(jobs={State.WAITING: 7}) for _ in queues]


class EntryPoint:
    """As `importlib.metadata` has them."""

    def __init__(self, value: str) -> None:
        self.value = value

    def load(self) -> object:
        if self.value == "broken":
            raise ImportError("no such module")
        return lambda settings: Mine()


def test_a_package_brings_its_own_framework_along(
    empty_server: RealServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = [EntryPoint("broken"), EntryPoint("mine:build")]
    monkeypatch.setattr(registry, "entry_points", lambda group: found if group == FRAMEWORK_GROUP else [])
    assert read_queues(empty_server.url, AT)["mine", "mine"].jobs == {"waiting": 7}
    assert "queue framework cannot be loaded" in caplog.text


def test_a_framework_that_no_package_brings_along_is_told(caplog: pytest.LogCaptureFixture) -> None:
    settings = QueuesSection.model_construct(frameworks=("rq", "mine"))
    assert registry.build_frameworks(settings) == [rq.FRAMEWORK]
    assert "unknown queue framework" in caplog.text


def test_the_configuration_knows_the_frameworks_that_there_are() -> None:
    assert {*FRAMEWORKS, LIST_FRAMEWORK} == registry.own_names()


def test_a_user_who_may_ask_nothing_is_told_so(start_server: StartServer) -> None:
    server = start_server()
    make_queue(server)
    server.client.execute_command("ACL", "SETUSER", "default", "-@all", "+ping", "+info")
    with Watcher(server.url) as watcher, pytest.raises(ReplyError, match="NOPERM"):
        watcher.sample(AT)


def test_a_user_who_may_not_list_clients_sees_the_queues(start_server: StartServer) -> None:
    server = start_server()
    make_queue(server)
    server.client.execute_command("ACL", "SETUSER", "default", "-client|list")
    with Watcher(server.url) as watcher:
        report = watcher.sample(AT)["bullmq", "mail"]
    assert (report.jobs["waiting"], report.workers) == (1, None)


def test_a_reader_without_scan_still_has_the_indexes(start_server: StartServer) -> None:
    server = start_server()
    server.client.sadd("rq:queues", "rq:queue:mail")
    server.client.execute_command("ACL", "SETUSER", "default", "-scan")
    with Watcher(server.url) as watcher:
        assert ("rq", "mail") in watcher.sample(AT)


def test_looking_is_no_use_of_a_key(empty_server: RealServer) -> None:
    make_queue(empty_server)
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        before = empty_server.client.object("idletime", "bull:mail:wait")
        asyncio.run(asyncio.sleep(1.2))
        watcher.read(AT)
        assert empty_server.client.object("idletime", "bull:mail:wait") > before


def test_every_dump_that_is_there_is_small() -> None:
    sizes: dict[Path, int] = {path: path.stat().st_size for path in recorded.all_dumps()}
    assert max(sizes.values()) < 100_000


def hits_and_misses(server: RealServer) -> tuple[int, int]:
    facts = server.client.info("stats")
    return facts["keyspace_hits"], facts["keyspace_misses"]


@pytest.mark.parametrize("path", recorded.all_dumps(), ids=lambda path: path.stem)
def test_our_own_hits_and_misses_are_known(path: Path, empty_server: RealServer, load_dump: Load) -> None:
    expected = load_dump(path)
    with Watcher(empty_server.url) as watcher:
        hits, misses = hits_and_misses(empty_server)
        watcher.find(expected["at"])
        # What the replies of one pass leave open is known from those of the next.
        for passed in (0, 1, 2):
            watcher.read(expected["at"] + passed)
        counted = (watcher.facts.keyspace_stats.hits, watcher.facts.keyspace_stats.misses)
        now = hits_and_misses(empty_server)
    assert counted == (now[0] - hits, now[1] - misses)


def test_the_keyspace_scan_is_told_whose_keys_those_are(empty_server: RealServer) -> None:
    make_queue(empty_server)
    with Watcher(empty_server.url) as watcher:
        watcher.sample(AT)
        assert watcher.facts.get(QueueKeys).prefixes == {"bull:mail:": "bullmq mail"}


def test_a_replica_is_left_to_its_primary(empty_server: RealServer) -> None:
    make_queue(empty_server)
    with Watcher(empty_server.url) as watcher:
        watcher.facts.provide(ServerInfo(role="slave"))
        assert watcher.sample(AT) == {}
        assert watcher.values("redis_queue_jobs") == {}
    with Watcher(empty_server.url, QueuesSection(replicas=True)) as watcher:
        watcher.facts.provide(ServerInfo(role="slave"))
        assert ("bullmq", "mail") in watcher.sample(AT)


def test_queues_of_other_databases_that_are_known_from_before(empty_server: RealServer) -> None:
    records = Memory()
    other = KnownQueue(QueueId("bullmq", b"bull:mail", database=4), "mail", AT)
    own = KnownQueue(QueueId("bullmq", b"bull:mail"), "mail", AT)
    records.saved[empty_server.instance] = [other, own]
    make_queue(empty_server, waiting=2)
    with Watcher(empty_server.url, records=records) as watcher:
        for passed in (0, 15):
            watcher.sample(AT + passed)
            waiting = {(one.database, one.jobs["waiting"]) for one in watcher.sampler.report()}
            assert waiting == {(0, 2), (4, 0)}
