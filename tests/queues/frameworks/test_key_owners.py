"""Keys that fit two patterns of one's own lists: all keys together decide."""

from collections.abc import Mapping
from typing import Any

import pytest

from exporter.config.samplers.queues import QueuesSection
from exporter.queues.frameworks.key_owners import KeyOwners
from exporter.queues.frameworks.key_patterns import common_key
from exporter.queues.known import KnownQueue
from exporter.queues.model import QueueId
from tests.fake_server import AnyServer
from tests.queues.reading import Reports, Watcher, read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0
IN_FRONT: list[dict[str, Any]] = [
    {"key": "queue:{name}:{priority}"},
    {"key": "queue:processing:{name}", "state": "active"},
    {"key": "queue:dlq:{name}", "state": "dead"},
]
BEHIND: list[dict[str, Any]] = [
    {"key": "queue:{name}:{priority}"},
    {"key": "queue:{name}:processing", "state": "active"},
    {"key": "queue:{name}:dlq", "state": "dead"},
]
TIMED: list[dict[str, Any]] = [
    {"key": "queue:{name}:{priority}"},
    {"key": "queue:delayed:{name}", "state": "delayed", "type": "zset"},
    {"key": "queue:retry:{name}", "state": "retry", "type": "zset"},
]
PLAIN: list[dict[str, Any]] = [{"key": "jobs:{name}"}, {"key": "jobs:dead:{name}", "state": "dead"}]
SHARDED: list[dict[str, Any]] = [{"key": "work:{name}"}, {"key": "work:{name}:{priority}"}]


def settings_of(lists: list[dict[str, Any]]) -> QueuesSection:
    return QueuesSection.model_validate({"lists": lists})


def write(server: AnyServer, keys: Mapping[str, int]) -> None:
    """Lists of so many jobs; below 0: sorted sets."""
    for key, jobs in keys.items():
        if jobs < 0:
            server.client.zadd(key, {str(index): (AT + 60) * 1000 for index in range(-jobs)})
        else:
            server.client.lpush(key, *map(str, range(jobs)))


def jobs_of(found: Reports) -> dict[str, dict[str, int]]:
    """Jobs by queue and state, without what is 0."""
    return {
        queue: {state: count for state, count in report.jobs.items() if count}
        for (_, queue), report in found.items()
    }


@pytest.mark.parametrize(
    ("lists", "keys", "right"),
    [
        pytest.param(
            IN_FRONT,
            {
                "queue:processing:0": 3,
                "queue:processing:1": 2,
                "queue:analysis:0": 4,
                "queue:processing:analysis": 1,
            },
            {"processing": {"waiting": 5}, "analysis": {"waiting": 4, "active": 1}},
            id="numbers are priorities, a name that is a queue is in work",
        ),
        pytest.param(
            IN_FRONT,
            {
                "queue:processing:high": 3,
                "queue:mail:high": 1,
                "queue:mail:slow": 1,
                "queue:processing:slow": 2,
            },
            {"processing": {"waiting": 5}, "mail": {"waiting": 2}},
            id="words that are priorities elsewhere",
        ),
        pytest.param(
            IN_FRONT,
            {"queue:17:high": 1, "queue:18:low": 2, "queue:processing:17": 1, "queue:processing:19": 1},
            {"17": {"waiting": 1, "active": 1}, "18": {"waiting": 2}, "19": {"active": 1}},
            id="queues are named by numbers",
        ),
        pytest.param(
            IN_FRONT,
            {"queue:0:0": 1, "queue:1:0": 1, "queue:processing:0": 2, "queue:dlq:1": 1},
            {"0": {"waiting": 1, "active": 2}, "1": {"waiting": 1, "dead": 1}},
            id="queues and priorities are numbers: the name weighs more",
        ),
        pytest.param(
            IN_FRONT,
            {"queue:dlq:0": 1, "queue:dlq:mail": 2, "queue:mail:0": 1, "queue:dlq:dlq": 3},
            {"dlq": {"waiting": 1, "dead": 3}, "mail": {"waiting": 1, "dead": 2}},
            id="a queue that is called dlq, with dead letters of its own",
        ),
        pytest.param(
            IN_FRONT,
            {"queue:critical:high": 1, "queue:processing:critical": 2},
            {"critical": {"waiting": 1, "active": 2}},
            id="a usual word for a priority is a queue here",
        ),
        pytest.param(
            IN_FRONT,
            {"queue:eu:mail:0": 1, "queue:processing:eu:mail": 2, "queue:dlq:eu:mail": 3},
            {"eu:mail": {"waiting": 1, "active": 2, "dead": 3}},
            id="names with the separator",
        ),
        pytest.param(
            IN_FRONT,
            {"queue:processing:mail": 1},
            {"mail": {"active": 1}},
            id="one key: the fixed text decides",
        ),
        pytest.param(
            BEHIND,
            {"queue:mail:0": 1, "queue:mail:processing": 2, "queue:mail:dlq": 3, "queue:processing:0": 4},
            {"mail": {"waiting": 1, "active": 2, "dead": 3}, "processing": {"waiting": 4}},
            id="the state stands behind the name",
        ),
        pytest.param(
            [*BEHIND, {"key": "queue:{name}:high", "state": "prioritized"}],
            {"queue:mail:low": 1, "queue:mail:high": 2},
            {"mail": {"waiting": 1, "prioritized": 2}},
            id="what a pattern says in so many letters is no priority",
        ),
        pytest.param(
            TIMED,
            {"queue:mail:0": 1, "queue:delayed:mail": -2, "queue:retry:mail": -3, "queue:delayed:0": 4},
            {"mail": {"waiting": 1, "delayed": 2, "retry": 3}, "delayed": {"waiting": 4}},
            id="the type decides",
        ),
        pytest.param(
            TIMED,
            {"queue:mail:0": 1, "queue:delayed:mail": 2},
            {"mail": {"waiting": 1}},
            id="a list where a sorted set should be is no queue of the word before it",
        ),
        pytest.param(
            PLAIN,
            {"jobs:dead": 1, "jobs:mail": 2, "jobs:dead:mail": 3, "jobs:dead:later": 4},
            {"dead": {"waiting": 1}, "mail": {"waiting": 2, "dead": 3}, "later": {"dead": 4}},
            id="without priorities",
        ),
        pytest.param(
            SHARDED,
            {"work:mail": 1, "work:mail:0": 2, "work:mail:1": 3},
            {"mail": {"waiting": 6}},
            id="with and without a priority",
        ),
        pytest.param(
            SHARDED,
            {"work:mail": 1, "work:mail:0": 2, "work:mail:slow": 3, "work:eu:sms": 4, "work:eu:sms:1": 5},
            {"mail": {"waiting": 6}, "eu:sms": {"waiting": 9}},
            id="a name with the separator where priorities are numbers",
        ),
        pytest.param(
            [*IN_FRONT, {"key": "queue:processing:{name}:{priority}", "state": "active"}],
            {"queue:processing:0": 1, "queue:processing:mail:0": 2, "queue:mail:0": 3, "queue:mail:1": 1},
            {"processing": {"waiting": 1}, "mail": {"waiting": 4, "active": 2}},
            id="what is in work has priorities too",
        ),
        pytest.param(
            [{"key": "queue:{priority}:{name}"}, {"key": "queue:processing:{name}", "state": "active"}],
            {"queue:high:mail": 1, "queue:processing:mail": 2, "queue:low:processing": 3},
            {"mail": {"waiting": 1, "active": 2}, "processing": {"waiting": 3}},
            id="the priority stands before the name",
        ),
        pytest.param(
            [*IN_FRONT, {"key": "queue:processing:7", "name": "seven", "priority": "high"}],
            {"queue:processing:7": 5, "queue:processing:0": 1},
            {"seven": {"waiting": 5}, "processing": {"waiting": 1}},
            id="a key given literally is what it says",
        ),
        pytest.param(
            [{"key": "queue:processing:{priority}", "name": "processing"}, *IN_FRONT],
            {"queue:processing:0": 5, "queue:processing:mail": 1, "queue:mail:0": 2},
            {"processing": {"waiting": 5}, "mail": {"waiting": 2, "active": 1}},
            id="a named queue with priorities",
        ),
    ],
)
def test_a_key_belongs_to_one_pattern(
    either_server: AnyServer,
    lists: list[dict[str, Any]],
    keys: dict[str, int],
    right: dict[str, dict[str, int]],
) -> None:
    write(either_server, keys)
    found = jobs_of(read_queues(either_server.url, AT, settings_of(lists)))
    assert found == right


@pytest.mark.parametrize("lists", [IN_FRONT, IN_FRONT[::-1]], ids=["as it is", "the other way round"])
def test_the_order_of_patterns_does_not_matter(either_server: AnyServer, lists: list[dict[str, Any]]) -> None:
    write(either_server, {"queue:processing:0": 3, "queue:mail:0": 1, "queue:processing:mail": 2})
    assert jobs_of(read_queues(either_server.url, AT, settings_of(lists))) == {
        "processing": {"waiting": 3},
        "mail": {"waiting": 1, "active": 2},
    }


def test_a_decision_stands_when_the_lists_it_was_based_on_are_drained(either_server: AnyServer) -> None:
    write(either_server, {"queue:17:high": 1, "queue:processing:17": 1})
    with Watcher(either_server.url, settings_of(IN_FRONT)) as watcher:
        watcher.find(AT)
        assert jobs_of(watcher.read(AT)) == {"17": {"waiting": 1, "active": 1}}
        either_server.client.delete("queue:17:high")
        watcher.find(AT + 15)
        assert jobs_of(watcher.read(AT + 15)) == {"17": {"active": 1}}
        either_server.client.delete("queue:processing:17")
        watcher.find(AT + 30)
        assert jobs_of(watcher.read(AT + 30)) == {"17": {}}


def test_a_priority_stays_one_when_others_turn_out_to_be_words(either_server: AnyServer) -> None:
    write(either_server, {"queue:processing:0": 3})
    with Watcher(either_server.url, settings_of(IN_FRONT)) as watcher:
        watcher.find(AT)
        assert jobs_of(watcher.read(AT)) == {"processing": {"waiting": 3}}
        write(either_server, {"queue:mail:high": 1})
        watcher.find(AT + 15)
        assert jobs_of(watcher.read(AT + 15)) == {"processing": {"waiting": 3}, "mail": {"waiting": 1}}


def test_a_wrong_first_guess_is_taken_back_when_the_name_turns_up(either_server: AnyServer) -> None:
    write(either_server, {"queue:processing:17": 2})
    with Watcher(either_server.url, settings_of(IN_FRONT)) as watcher:
        watcher.find(AT)
        assert jobs_of(watcher.read(AT)) == {"processing": {"waiting": 2}}
        write(either_server, {"queue:17:high": 1})
        watcher.find(AT + 15)
        assert jobs_of(watcher.read(AT + 15)) == {"17": {"waiting": 1, "active": 2}}
        assert jobs_of(watcher.read(AT + 30)) == {"17": {"waiting": 1, "active": 2}}


class _Remembered:
    """Queues as a daemon that did not look at all keys has saved them."""

    def __init__(self, *names: bytes) -> None:
        self.names = names

    async def load_queues(self, instance: str) -> list[KnownQueue]:
        return [
            KnownQueue(QueueId("list", b"", name), name.decode(), AT, {"named": 1}) for name in self.names
        ]

    async def save_queues(self, instance: str, queues: object) -> None:
        pass


def test_what_was_wrongly_remembered_goes_at_once(either_server: AnyServer) -> None:
    write(either_server, {"queue:processing:0": 3, "queue:mail:0": 1})
    with Watcher(either_server.url, settings_of(IN_FRONT), _Remembered(b"0", b"mail", b"export")) as watcher:
        watcher.sample(AT)
        watcher.finish_walk()
        assert jobs_of(watcher.sample(AT + 15)) == {
            "processing": {"waiting": 3},
            "mail": {"waiting": 1},
            "export": {},
        }


def test_keys_of_a_known_name_and_priority_are_read_without_a_walk(either_server: AnyServer) -> None:
    lists = [*IN_FRONT, {"key": "queue:delayed", "type": "zset", "state": "delayed", "name": "later"}]
    write(either_server, {"queue:mail:0": 1, "queue:export:1": 1})
    with Watcher(either_server.url, settings_of(lists)) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        write(
            either_server,
            {"queue:mail:1": 2, "queue:processing:mail": 3, "queue:dlq:export": 4, "queue:delayed": -5},
        )
        found = watcher.read(AT + 15)
    assert jobs_of(found) == {
        "mail": {"waiting": 3, "active": 3},
        "export": {"waiting": 1, "dead": 4},
        "later": {"delayed": 5},
    }
    assert found["list", "mail"].priorities == {"waiting": {"0": 1, "1": 2}}
    assert found["list", "export"].priorities == {"waiting": {"1": 1}}


def test_a_literal_key_with_a_priority_shows_it_from_the_start(either_server: AnyServer) -> None:
    lists = [{"key": "mail.urgent", "name": "mail", "priority": "high"}, {"key": "mail.all", "name": "mail"}]
    write(either_server, {"mail.all": 2})
    (mail,) = read_queues(either_server.url, AT, settings_of(lists)).values()
    assert (mail.jobs, mail.priorities) == ({"waiting": 2}, {"waiting": {"high": 0}})


def test_a_literal_key_is_no_queue_of_every_database(empty_server: RealServer) -> None:
    write(empty_server, {"mail": 1, "other": 1})
    empty_server.client.move("mail", 3)
    empty_server.client.move("other", 5)
    write(empty_server, {"mail": 2})
    with Watcher(empty_server.url, settings_of([{"key": "mail", "name": "mail"}])) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        assert [(one.database, one.jobs) for one in watcher.sampler.report()] == [
            (0, {"waiting": 2}),
            (3, {"waiting": 1}),
        ]


@pytest.mark.parametrize(
    ("lists", "doubts"),
    [
        (IN_FRONT, [(0, 1, b"queue:processing:0"), (0, 2, b"queue:dlq:0")]),
        (IN_FRONT[::-1], [(0, 2, b"queue:dlq:0"), (1, 2, b"queue:processing:0")]),
        (BEHIND, []),
        (PLAIN, []),
        (SHARDED, []),
        (TIMED, []),
        ([IN_FRONT[0], {"key": "queue:processing:0", "name": "x"}], []),
        ([{"key": "{name}.jobs"}, {"key": "jobs.{name}"}], [(0, 1, b"jobs.jobs")]),
        ([{"key": "a:{name}:{priority}"}, {"key": "a:{priority}:{name}"}], [(0, 1, b"a:0:0")]),
        ([{"key": "a:{name}"}, {"key": "b:{name}"}, {"key": "a"}], None),
    ],
)
def test_what_only_all_keys_can_decide_is_a_doubt(
    lists: list[dict[str, Any]], doubts: list[tuple[int, int, bytes]] | None
) -> None:
    if doubts is None:
        lists, doubts = lists[:2], []
    assert list(KeyOwners(settings_of(lists).lists).doubts()) == doubts


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        ("jobs:{name}", "jobs:{name}:dlq", b"jobs:0:dlq"),
        ("{name}-a", "b-{name}", b"b-a"),
        ("{name}-a-b", "b-{name}", b"b-a-b"),
        ("q:{name}", "r:{name}", None),
        ("q:{name}:x", "q:{name}:y", None),
        ("q{name}", "q", None),
        ("aaa{name}", "aa{name}", b"aaa0"),
    ],
)
def test_the_shortest_key_of_two_patterns(first: str, second: str, key: bytes | None) -> None:
    assert common_key(first, second, single_words=False) == key
    assert common_key(second, first, single_words=False) == key
