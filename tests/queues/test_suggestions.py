"""Lists that look like queues are named, with what to write into the configuration."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import redis

from exporter.config.document import Document, validate
from exporter.config.main import Config
from exporter.config.samplers.queues import QueuesSection
from exporter.queues.plain_keys import LOOKS_LIKE_A_QUEUE, KeyShape, describe_key
from exporter.queues.suggestions import Suggestion, write_section
from tests.queues import recorded
from tests.queues.conftest import Load
from tests.queues.reading import Watcher, read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0
CREATED = "2023-11-14T22:12:{:02d}.000Z"


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("queue:emails", KeyShape("queue:{name}")),
        ("jobs:resize", KeyShape("jobs:{name}")),
        ("queue:eu:mail", KeyShape("queue:{name}")),
        ("app:queue:mail", KeyShape("app:queue:{name}")),
        ("queue:mail:high", KeyShape("queue:{name}:{priority}")),
        ("queue:mail:0", KeyShape("queue:{name}:{priority}")),
        ("queue:processing:mail", KeyShape("queue:processing:{name}", "active")),
        ("queue:mail:dlq", KeyShape("queue:{name}:dlq", "dead")),
        ("my-app:tasks:pending", KeyShape("{name}:tasks:pending")),
        ("email_queue", KeyShape("{name}_queue")),
        ("mailQueue", KeyShape("mailQueue", name="mailQueue")),
        ("taskqueue:resize", KeyShape("taskqueue:{name}")),
        ("hotqueue:images", KeyShape("hotqueue:{name}", maker="hotqueue")),
        ("tasks", KeyShape("tasks", name="tasks")),
        ("django_q:default:q", KeyShape("django_q:{name}:q", maker="django-q")),
        ("queue.waiting", KeyShape("queue.waiting", name="queue", maker="yii2-queue")),
        ("rmq::queue::[a b]::ready", KeyShape("rmq::queue::[{name}]::ready", maker="rmq (Go)")),
    ],
)
def test_how_keys_would_be_configured(key: str, shape: KeyShape) -> None:
    assert LOOKS_LIKE_A_QUEUE.fullmatch(key.encode())
    assert describe_key(key) == shape


@pytest.mark.parametrize(
    "key", ["timeline:7", "recent:posts", "unique", "liqueur:x", "chat:log", "jobsite:a"]
)
def test_names_without_a_word_for_queues_look_like_none(key: str) -> None:
    assert not LOOKS_LIKE_A_QUEUE.fullmatch(key.encode())


@contextmanager
def blocked(server: RealServer, key: str, command: str = "BRPOP") -> Iterator[None]:
    """A worker that waits for a job."""
    client = redis.Redis(port=server.port, protocol=2)
    worker = Thread(target=lambda: client.execute_command(command, key, 60), daemon=True)
    worker.start()
    deadline = time.monotonic() + 30
    while server.client.info("clients")["blocked_clients"] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.client.lpush(key, "stop")
        worker.join()
        client.close()


def suggestions(watcher: Watcher, at: float = AT) -> dict[str, Suggestion]:
    watcher.find(at)
    watcher.read(at)
    return {one.key: one for one in watcher.sampler.adviser.suggestions}


def test_lists_that_workers_wait_on_are_named_once(
    empty_server: RealServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    client = empty_server.client
    client.lpush("queue:emails", *(json.dumps({"to": n, "createdAt": CREATED.format(n)}) for n in range(40)))
    client.lpush("jobs:resize", *map(str, range(30)))
    with blocked(empty_server, "jobs:other"), Watcher(empty_server.url) as watcher:
        found = suggestions(watcher)
        assert watcher.sampler.report() == ()
        for later in (15, 400, 800):
            suggestions(watcher, AT + later)
        text = watcher.sampler.adviser.text
    assert text == (
        "2 lists look like queues (70 entries, clients blocked in BRPOP): describe them under "
        "samplers.queues.lists; redis-vigil queues --suggest writes it"
    )
    assert [record.message for record in caplog.records].count(text) == 1
    assert found["queue:{name}"].entry == {"key": "queue:{name}", "time": {"path": "createdAt"}}
    assert found["queue:{name}"].evidence == ("40 entries", "JSON", "clients blocked in BRPOP")
    assert found["jobs:{name}"].entry == {"key": "jobs:{name}"}


def test_what_is_written_is_valid_and_reads_the_queues(empty_server: RealServer) -> None:
    client = empty_server.client
    client.rpush("queue:emails", *(json.dumps({"to": n, "createdAt": CREATED.format(n)}) for n in range(40)))
    client.lpush("queue:processing:emails", "{}")
    client.lpush("queue:a\n- b: 'c", "1")
    client.lpush("tasks", "1", "2")
    client.lpush("{app}:queue:default", "1")
    client.lpush(b"queue:\xff", "1")
    with Watcher(empty_server.url) as watcher:
        suggestions(watcher)
        text = write_section(watcher.sampler.adviser.suggestions)
    settings = validate(Document.parse(text, "suggested"), Config).samplers.queues
    assert len(settings.lists) == 3
    assert "# cannot be described: unknown part" in text
    assert "# cannot be described: its name is no text" in text
    found = read_queues(empty_server.url, AT, settings)
    emails = found["list", "emails"]
    assert (emails.jobs, emails.oldest_job_age_seconds) == ({"waiting": 40, "active": 1}, 80)
    assert found["list", "tasks"].jobs == {"waiting": 2}
    with Watcher(empty_server.url, settings) as watcher:
        assert set(suggestions(watcher)) == {"{app}:queue:{name}"}


def test_the_end_at_which_a_list_grows_is_seen(empty_server: RealServer) -> None:
    client = empty_server.client
    client.rpush("queue:a", "1", "2")
    client.lpush("jobs:b", "1", "2")
    with Watcher(empty_server.url) as watcher:
        suggestions(watcher)
        client.rpush("queue:a", "3")
        client.lpush("jobs:b", "3")
        found = suggestions(watcher, AT + 400)
    assert found["queue:{name}"].entry == {"key": "queue:{name}", "oldest": "head"}
    assert "grows at its tail" in found["queue:{name}"].evidence
    assert found["jobs:{name}"].entry == {"key": "jobs:{name}"}


def test_workers_that_take_from_the_head(empty_server: RealServer) -> None:
    empty_server.client.lpush("jobs:b", "1", "2")
    with blocked(empty_server, "jobs:other", "BLPOP"), Watcher(empty_server.url) as watcher:
        assert suggestions(watcher)["jobs:{name}"].entry == {"key": "jobs:{name}", "oldest": "head"}


def test_lists_whose_names_say_nothing(empty_server: RealServer) -> None:
    client = empty_server.client
    client.lpush("mailer:outgoing", '{"to": 1}', '{"to": 2}')
    client.lpush("thumbnails", "a", "b", "c")
    client.lpush("recent:posts", "1", "2")
    client.lpush("feed:17", '{"post": 1}')
    with Watcher(empty_server.url) as watcher:
        assert suggestions(watcher) == {}
    with Watcher(empty_server.url, all_lists=True) as watcher:
        assert suggestions(watcher) == {}
        client.rpop("thumbnails")
        watcher._runner.run(watcher.sampler.look_again(AT + 2))
        watcher.read(AT + 2)
        assert [one.entry for one in watcher.sampler.adviser.suggestions] == [
            {"key": "thumbnails", "name": "thumbnails"}
        ]
    with blocked(empty_server, "x"), Watcher(empty_server.url, all_lists=True) as watcher:
        assert set(suggestions(watcher)) == {"mailer:outgoing"}


def test_workers_that_wait_on_lists_that_are_empty(empty_server: RealServer) -> None:
    with blocked(empty_server, "x"), Watcher(empty_server.url) as watcher:
        assert suggestions(watcher) == {}
        assert watcher.sampler.adviser.text.startswith("clients are blocked in BRPOP, and no queue was found")


def test_a_list_that_is_gone_is_named_no_longer(empty_server: RealServer) -> None:
    empty_server.client.lpush("jobs:b", "1")
    with Watcher(empty_server.url) as watcher:
        assert len(suggestions(watcher)) == 1
        empty_server.client.delete("jobs:b")
        assert suggestions(watcher, AT + 4000) == {}
        assert watcher.sampler.adviser.text == ""


def test_many_lists_of_one_form_are_one_entry_and_have_an_end(empty_server: RealServer) -> None:
    pipe = empty_server.client.pipeline()
    for number in range(300):
        pipe.lpush(f"queue:tenant{number}", "1")
    pipe.execute()
    with Watcher(empty_server.url) as watcher:
        (one,) = suggestions(watcher).values()
        before = empty_server.client.info("commandstats")["cmdstat_llen"]["calls"]
        suggestions(watcher, AT + 30)
        assert empty_server.client.info("commandstats")["cmdstat_llen"]["calls"] == before
    assert (one.lists, len(one.keys)) == (200, 3)


def test_lists_of_other_databases(empty_server: RealServer) -> None:
    empty_server.client.lpush("jobs:b", "1")
    empty_server.client.move("jobs:b", 4)
    with Watcher(empty_server.url) as watcher:
        assert suggestions(watcher)["jobs:{name}"].database == 4
        assert "jobs:b in db4" in write_section(watcher.sampler.adviser.suggestions)


def test_our_own_look_ups_are_counted(empty_server: RealServer) -> None:
    empty_server.client.lpush("jobs:b", "1")
    empty_server.client.rpush("queue:emails", "{}")
    empty_server.client.config_resetstat()
    with Watcher(empty_server.url) as watcher:
        suggestions(watcher)
        watcher._runner.run(watcher.sampler.look_again(AT + 2))
        stats = empty_server.client.info("stats")
        own = watcher.facts.keyspace_stats
        assert (own.hits, own.misses) == (stats["keyspace_hits"], stats["keyspace_misses"])
        assert own.hits > 0


@pytest.mark.parametrize("path", recorded.all_dumps(), ids=lambda path: path.stem)
def test_the_lists_of_known_frameworks_are_not_named(
    path: Path, load_dump: Load, empty_server: RealServer
) -> None:
    expected: dict[str, Any] = load_dump(path)
    with Watcher(empty_server.url, QueuesSection()) as watcher:
        assert suggestions(watcher, expected["at"]) == {}
