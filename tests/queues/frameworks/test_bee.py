"""Bee-Queue: whose jobs are lost, and how many have ended."""

import pytest

from tests.fake_server import AnyServer
from tests.queues.reading import Watcher

AT = 1_700_000_000.0
JOB = '{"data":{},"options":{"timestamp":1699999990000,"stacktraces":[]},"status":"created"}'


@pytest.fixture
def mail(either_server: AnyServer) -> AnyServer:
    client = either_server.client
    client.set("bq:mail:id", 9)
    client.lpush("bq:mail:active", "8", "9")
    client.hset("bq:mail:jobs", mapping={"8": JOB, "9": JOB})
    return either_server


def test_without_checks_nobody_knows_of_orphans(mail: AnyServer) -> None:
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        assert watcher.read(AT)["bee-queue", "mail"].orphaned is None


def test_who_has_not_answered_when_a_check_runs_out_is_gone(mail: AnyServer) -> None:
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        # A check has just asked; nobody can have answered yet.
        mail.client.set("bq:mail:stallBlock", 1)
        mail.client.sadd("bq:mail:stalling", "8", "9")
        assert watcher.read(AT)["bee-queue", "mail"].orphaned == 0
        # One worker has answered.
        mail.client.delete("bq:mail:stallBlock")
        mail.client.srem("bq:mail:stalling", "8")
        assert watcher.read(AT + 5)["bee-queue", "mail"].orphaned == 1
        mail.client.delete("bq:mail:stalling")
        assert watcher.read(AT + 10)["bee-queue", "mail"].orphaned == 0


def test_ended_jobs_are_counted_by_the_growth_of_what_is_kept(mail: AnyServer) -> None:
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        assert watcher.read(AT)["bee-queue", "mail"].finished == {"completed": 0, "failed": 0}
        mail.client.sadd("bq:mail:succeeded", "1", "2")
        assert watcher.read(AT + 15)["bee-queue", "mail"].finished == {"completed": 2, "failed": 0}
        mail.client.sadd("bq:mail:succeeded", "3")
        mail.client.sadd("bq:mail:failed", "4")
        assert watcher.read(AT + 30)["bee-queue", "mail"].finished == {"completed": 3, "failed": 1}
        # Cleaning up is no work.
        mail.client.delete("bq:mail:succeeded")
        mail.client.sadd("bq:mail:failed", "5")
        assert watcher.read(AT + 45)["bee-queue", "mail"].finished == {"completed": 3, "failed": 2}


def test_jobs_that_are_removed_as_they_succeed_are_counted_by_what_has_left(mail: AnyServer) -> None:
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        # 300 were added: 250 have succeeded, 40 have failed and are kept, 10 wait.
        mail.client.incrby("bq:mail:id", 300)
        mail.client.sadd("bq:mail:failed", *range(40))
        mail.client.lpush("bq:mail:waiting", *range(10))
        report = watcher.read(AT + 15)["bee-queue", "mail"]
        assert report.finished == {"completed": 250, "failed": 40}
        assert report.derived == report.finished
