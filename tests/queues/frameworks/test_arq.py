"""arq: whose jobs are lost."""

from tests.fake_server import AnyServer
from tests.queues.reading import Watcher

AT = 1_700_000_000.0


def test_jobs_are_orphaned_when_all_workers_that_have_reported_are_gone(either_server: AnyServer) -> None:
    client = either_server.client
    client.zadd("arq:queue", {"a": AT * 1000 - 5000, "b": AT * 1000 - 3000})
    client.mset({"arq:job:a": b"\x80\x04N.", "arq:job:b": b"\x80\x04N."})
    client.set("arq:in-progress:a", 1)
    with Watcher(either_server.url) as watcher:
        watcher.find(AT)
        # Workers may report elsewhere: without a report nothing is known.
        assert watcher.read(AT)["arq", "arq:queue"].orphaned is None
        client.set("arq:queue:health-check", "Nov-14 22:13:20 j_complete=0 j_failed=0 j_ongoing=1")
        assert watcher.read(AT)["arq", "arq:queue"].orphaned is None
        client.delete("arq:queue:health-check")
        report = watcher.read(AT)["arq", "arq:queue"]
        assert (report.workers, report.orphaned, report.jobs["active"]) == (0, 1, 1)
