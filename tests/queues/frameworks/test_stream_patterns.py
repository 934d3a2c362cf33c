"""Many streams of one pattern are one queue."""

from collections.abc import Iterable, Sequence

import pytest
import redis

from exporter.config.samplers.queues import QueuesSection
from exporter.queues.frameworks.stream_patterns import (
    ANY_WORD,
    Pieces,
    find_patterns,
    join,
    parse,
    shape_of,
)
from exporter.queues.known import KnownQueue
from tests.queues.reading import Watcher
from tests.servers import RealServer

AT = 1_700_000_000.0
AT_MS = int(AT * 1000)
WORDS = [f"{first}{second}{third}" for first in "bdfgh" for second in "aeiou" for third in "klmnpr"]


def patterns_of(names: Iterable[str], known: Sequence[Pieces] = (), room: int = 250) -> set[str]:
    shapes = {name.encode(): shape_of(name.encode()) for name in names}
    return {join(pattern).decode() for pattern in find_patterns(shapes, known, 10, room)}


@pytest.mark.parametrize(
    ("names", "patterns"),
    [
        ([f"notify:user:{number}" for number in range(10)], {"notify:user:*"}),
        ([f"notify:user:{number}" for number in range(9)], set()),
        ([f"{{user:{number}}}:events" for number in range(50)], {"{user:*}:events"}),
        ([f"user-{number}-events" for number in range(50)], {"user-*-events"}),
        ([f"user{number}" for number in range(50)], {"user*"}),
        ([f"inbox.{number:032x}" for number in range(50)], {"inbox.*"}),
        ([f"inbox/{word}" for word in WORDS], {"inbox/**"}),
        ([f"tenant:{word}:user:{index}" for word in WORDS for index in range(10)], {"tenant:**:user:*"}),
        ([f"{word}:in" for word in WORDS], {"**:in"}),
        ([f"events:{word}" for word in WORDS[:60]], set()),
        (WORDS, set()),
        ([f"{('it', 'hr', 'pr')[n % 3]}:{word}" for n, word in enumerate(WORDS)], set()),
    ],
)
def test_the_patterns_of_names(names: list[str], patterns: set[str]) -> None:
    assert patterns_of(names) == patterns
    assert patterns_of([*names, "orders", "notify:system", "svc:orders:events"]) == patterns
    assert patterns_of(reversed(names)) == patterns


def test_where_there_are_too_many_streams_fewer_words_make_a_pattern() -> None:
    names = [f"{dept}:user:{word}" for dept in ("sales", "care", "it") for word in WORDS[:60]]
    assert patterns_of(names) == set()
    assert patterns_of(names, room=50) == {"sales:user:**", "care:user:**", "it:user:**"}


def test_a_pattern_survives_being_written_down() -> None:
    for name in ("notify:user:7", "user-7-events", "inbox/ann", "a.7", "{user:7}:events", "alice7"):
        shape = shape_of(name.encode())
        assert parse(join(shape)) == shape
    assert parse(b"inbox/**") == (b"/", b"inbox", ANY_WORD)


def write_users(client: "redis.Redis", numbers: Iterable[int], entries: int = 1) -> None:
    """Streams of users, with a group that has read nothing; one entry each second before the moment."""
    for number in numbers:
        for entry in range(entries):
            client.xadd(f"notify:user:{number}", {"n": 1}, id=f"{AT_MS - (entries - entry) * 1000}-0")
        client.xgroup_create(f"notify:user:{number}", "web", id="0", mkstream=True)


def test_counts_are_summed_up_and_of_ages_the_worst_counts(each_empty_server: RealServer) -> None:
    client = each_empty_server.client
    write_users(client, range(30))
    write_users(client, [99], entries=5)
    client.xreadgroup("web", "one", {"notify:user:7": ">", "notify:user:99": ">"}, count=2)
    client.xadd("orders", {"n": 1})
    client.xgroup_create("orders", "billing", id="0")
    with Watcher(each_empty_server.url) as watcher:
        watcher.find(AT)
        found = watcher.read(AT)
        assert set(found) == {("stream", "notify:user:*"), ("stream", "orders")}
        users = found["stream", "notify:user:*"]
        (group,) = users.groups
        assert users.jobs == {"waiting": 29 + 3, "active": 3}
        assert (users.members, group.lag, group.pending, group.consumers) == (31, 3, 3, 2)
        assert (users.oldest_job_age_seconds, group.oldest_pending_age_seconds) == (3, 5)
        assert users.worst_members[0].name == "notify:user:99"
        assert (users.worst_members[0].entries, users.worst_members[0].oldest_age_seconds) == (5, 5)
        worst = watcher.values("redis_queue_worst_member_entries")
        assert len(worst) == 3
        assert worst['{framework="stream", member="notify:user:99", queue="notify:user:*"}'] == 5


def test_what_is_told_equals_the_streams_one_by_one(each_empty_server: RealServer) -> None:
    client = each_empty_server.client
    write_users(client, range(25), entries=4)
    for number in range(0, 25, 2):
        client.xreadgroup("web", "one", {f"notify:user:{number}": ">"}, count=number % 5 or None)
        client.xdel(f"notify:user:{number}", f"{AT_MS - 1000}-0")
    one_by_one = QueuesSection(streams_per_pattern=0)
    with Watcher(each_empty_server.url, one_by_one) as watcher:
        watcher.find(AT)
        single = watcher.read(AT).values()
    assert len(single) == 25
    with Watcher(each_empty_server.url) as watcher:
        watcher.find(AT)
        (users,) = watcher.read(AT).values()
    for state in ("waiting", "active"):
        assert users.jobs[state] == sum(one.jobs[state] for one in single)
    assert users.groups[0].lag == max(one.groups[0].lag or 0 for one in single)
    assert users.oldest_job_age_seconds == max(one.oldest_job_age_seconds or 0 for one in single)


def test_streams_that_are_read_one_by_one_move_into_a_pattern_once_there_are_many(
    empty_server: RealServer,
) -> None:
    with Watcher(empty_server.url) as watcher:
        write_users(empty_server.client, range(9))
        watcher.find(AT)
        assert len(watcher.read(AT)) == 9
        write_users(empty_server.client, [9])
        watcher.find(AT + 15)
        (users,) = watcher.read(AT + 15).values()
        assert (users.queue, users.members, users.jobs["waiting"]) == ("notify:user:*", 10, 10)
        # What was a pattern stays one.
        empty_server.client.delete(*(f"notify:user:{number}" for number in range(8)))
        watcher.find(AT + 30)
        (users,) = watcher.read(AT + 30).values()
        assert (users.queue, users.members, users.jobs["waiting"]) == ("notify:user:*", 2, 2)
        empty_server.client.delete("notify:user:8", "notify:user:9")
        (users,) = watcher.read(AT + 45).values()
        assert (users.members, users.jobs["waiting"]) == (0, 0)


class _Records:
    """What a daemon has saved; the next one reads it as it comes back from JSON."""

    def __init__(self) -> None:
        self.saved: Sequence[KnownQueue] = ()

    async def load_queues(self, instance: str) -> Sequence[KnownQueue]:
        return [KnownQueue(one.id, one.label, one.alive_at, dict(one.notes)) for one in self.saved]

    async def save_queues(self, instance: str, queues: Sequence[KnownQueue]) -> None:
        self.saved = queues


def test_a_pattern_and_its_counters_outlive_a_restart(empty_server: RealServer) -> None:
    records = _Records()
    write_users(empty_server.client, range(12), entries=3)
    with Watcher(empty_server.url, records=records) as watcher:
        watcher.find(AT)
        watcher.sample(AT)
        watcher.finish_walk()
        assert watcher.sample(AT + 15)["stream", "notify:user:*"].added == 36
    empty_server.client.delete(*(f"notify:user:{number}" for number in range(8)))
    with Watcher(empty_server.url, records=records) as watcher:
        (users,) = watcher.sample(AT + 30).values()
        assert (users.queue, users.members, users.jobs["waiting"], users.added) == (
            "notify:user:*",
            4,
            12,
            36,
        )
        empty_server.client.xadd("notify:user:9", {"n": 1})
        write_users(empty_server.client, [77], entries=2)
        watcher.find(AT + 45)
        assert watcher.read(AT + 45)["stream", "notify:user:*"].added == 36 + 1 + 2


def test_what_was_added_is_told_once_all_streams_were_counted(
    empty_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The groups have never read, so that only looking into the streams tells what was added to them.
    monkeypatch.setattr("exporter.queues.frameworks.stream_members._LOOKED_INTO", 6)
    write_users(empty_server.client, range(20), entries=2)
    write_users(empty_server.client, [20], entries=0)
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        added = [next(iter(watcher.read(AT + 15 * passed).values())).added for passed in range(9)]
        assert added[0] is None
        assert {value for value in added if value is not None} == {40}
        empty_server.client.xadd("notify:user:20", {"n": 1})
        empty_server.client.xreadgroup("web", "one", {"notify:user:20": ">"}, noack=True)
        (users,) = watcher.read(AT + 150).values()
        assert (users.added, users.finished) == (41, {"unknown": 1})


def test_a_wider_pattern_takes_narrower_ones_in(empty_server: RealServer) -> None:
    def write(words: Iterable[str]) -> None:
        pipe = empty_server.client.pipeline()
        for word in words:
            for number in range(10):
                pipe.xgroup_create(f"tenant:{word}:user:{number}", "web", id="0", mkstream=True)
        pipe.execute()

    with Watcher(empty_server.url) as watcher:
        write(WORDS[:5])
        watcher.find(AT)
        watcher.read(AT)
        assert {one.queue for one in watcher.sampler.report()} == {
            f"tenant:{word}:user:*" for word in WORDS[:5]
        }
        write(WORDS[5:120])
        watcher.find(AT + 15)
        watcher.read(AT + 15)
        (users,) = watcher.read(AT + 30).values()
        assert (users.queue, users.members) == ("tenant:*:user:*", 1200)


def test_1200_streams_of_users_leave_every_real_queue_visible(empty_server: RealServer) -> None:
    client = empty_server.client
    write_users(client, range(1200))
    client.xgroup_create("orders", "billing", id="0", mkstream=True)
    client.hset("bull:mail:meta", mapping={"opts.maxLenEvents": "10000", "version": "bullmq:5"})
    client.lpush("bull:mail:wait", "1")
    client.hset("bull:mail:1", mapping={"name": "a", "data": "{}", "opts": "{}", "timestamp": AT_MS})
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        found = watcher.read(AT + 15)
        assert set(found) == {("stream", "notify:user:*"), ("stream", "orders"), ("bullmq", "mail")}
        assert found["stream", "notify:user:*"].jobs["waiting"] == 1200
        assert set(watcher.values("redis_vigil_queues_dropped").values()) == {0}


def test_streams_without_any_pattern_leave_room_for_others(empty_server: RealServer) -> None:
    pipe = empty_server.client.pipeline()
    for first in WORDS[:40]:
        pipe.xgroup_create(f"{first}{first[::-1]}", "web", id="0", mkstream=True)
    pipe.execute()
    empty_server.client.lpush("jobs:mail", "1")
    settings = QueuesSection.model_validate({"max_queues": 20, "lists": [{"key": "jobs:{name}"}]})
    with Watcher(empty_server.url, settings) as watcher:
        watcher.find(AT)
        found = watcher.read(AT)
        assert ("list", "mail") in found
        assert len(found) == 20
        assert watcher.values("redis_vigil_queues_dropped") == {
            '{framework="list"}': 0,
            '{framework="stream"}': 21,
        }


def test_beyond_the_limit_members_are_counted(
    empty_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.queues.frameworks.streams.MAX_MEMBERS", 15)
    write_users(empty_server.client, range(20))
    with Watcher(empty_server.url) as watcher:
        for at in (AT, AT + 15):
            watcher.find(at)
            (users,) = watcher.read(at).values()
            assert users.members == 15
            assert watcher.values("redis_vigil_queues_dropped") == {'{framework="stream"}': 5}


def test_in_each_pass_only_a_share_of_very_many_is_asked(
    empty_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.queues.frameworks.stream_members._ASKED", 20)
    monkeypatch.setattr("exporter.queues.frameworks.stream_members._LOOKED_INTO", 6)
    client = empty_server.client

    def calls(command: str) -> int:
        stats = client.info("commandstats")
        return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])

    write_users(client, range(50), entries=2)
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        for passed in range(4):
            if passed == 1:
                for number in range(50):
                    client.xadd(f"notify:user:{number}", {"n": 1})
                # One that is new is seen at once.
                write_users(client, [50], entries=2)
                watcher.find(AT + 1)
            before = calls("xinfo|groups"), calls("xpending")
            (users,) = watcher.read(AT + passed).values()
            asked, looked_into = calls("xinfo|groups") - before[0], calls("xpending") - before[1]
            assert looked_into <= 2 * 6
            # The first pass asks all, the others 20 in turn, and all are asked for their groups by themselves
            # once more where they are looked into.
            assert asked <= (50 if passed == 0 else 21) + 6
            assert users.members == (50 if passed == 0 else 51)
            assert users.jobs["active"] == 0
            assert users.jobs["waiting"] >= 100
        assert users.jobs["waiting"] == 3 * 50 + 2
