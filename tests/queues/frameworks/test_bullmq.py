"""BullMQ's traps; what the framework itself counts is in `test_dumps`."""

import base64
import json

import pytest
import redis

from tests.conftest import StartServer
from tests.queues.reading import Memory, Watcher, read_queues
from tests.servers import RealServer

AT = 1_700_000_000.0
AT_MS = int(AT * 1000)
PRIORITY = 1 << 32


@pytest.fixture
def mail(empty_server: RealServer) -> RealServer:
    """A server with an empty queue `mail`."""
    empty_server.client.hset(
        "bull:mail:meta", mapping={"version": "bullmq:6.7.0", "opts.maxLenEvents": 10000}
    )
    return empty_server


def add_job(server: RealServer, job: str, age: float, queue: str = "bull:mail", **fields: object) -> None:
    made = {"timestamp": AT_MS - int(age * 1000), "opts": "{}", **fields}
    server.client.hset(f"{queue}:{job}", mapping={name: str(value) for name, value in made.items()})


def test_paused_under_5_and_opened_by_6_both_lists_are_read(mail: RealServer) -> None:
    mail.client.lpush("bull:mail:wait", "3")
    mail.client.lpush("bull:mail:paused", "1", "2")
    for job, age in (("1", 100), ("2", 90), ("3", 10)):
        add_job(mail, job, age)
    report = read_queues(mail.url, AT)["bullmq", "mail"]
    assert (report.jobs["waiting"], report.jobs["paused"]) == (1, 2)
    assert report.oldest_job_age_seconds == 100
    assert report.paused is False


def test_paused_under_6_its_jobs_stay_in_wait(mail: RealServer) -> None:
    mail.client.hset("bull:mail:meta", "paused", 1)
    mail.client.lpush("bull:mail:wait", "1")
    report = read_queues(mail.url, AT)["bullmq", "mail"]
    assert (report.jobs["waiting"], report.jobs["paused"], report.paused) == (1, 0, True)


def test_marker_ids_are_no_jobs(mail: RealServer) -> None:
    mail.client.rpush("bull:mail:wait", "2", "1", "0:1700000000")
    mail.client.rpush("bull:mail:paused", "0:0")
    add_job(mail, "1", 50)
    report = read_queues(mail.url, AT)["bullmq", "mail"]
    assert (report.jobs["waiting"], report.jobs["paused"]) == (2, 0)
    assert report.oldest_job_age_seconds == 50
    # Looking is not touching: its own getCounts would have popped the marker.
    assert mail.client.llen("bull:mail:wait") == 3


def test_a_delayed_job_waits_since_its_moment(mail: RealServer) -> None:
    mail.client.lpush("bull:mail:wait", "1")
    # After its promotion the hash's own delay is 0, the options still tell.
    add_job(mail, "1", 3600, delay=0, opts=json.dumps({"delay": 3_500_000}))
    assert read_queues(mail.url, AT)["bullmq", "mail"].oldest_job_age_seconds == 100


def test_a_job_that_is_tried_again_waits_since_its_last_try(mail: RealServer) -> None:
    mail.client.lpush("bull:mail:wait", "1")
    add_job(mail, "1", 3600, processedOn=AT_MS - 20_000, finishedOn=AT_MS - 10_000)
    assert read_queues(mail.url, AT)["bullmq", "mail"].oldest_job_age_seconds == 10


def test_the_oldest_prioritized_job_may_stand_in_any_band(mail: RealServer) -> None:
    for counter, (job, priority, age) in enumerate(
        [("1", 1, 10), ("2", 7, 500), ("3", 7, 5), ("4", 90_000, 80)]
    ):
        mail.client.zadd("bull:mail:prioritized", {job: priority * PRIORITY + counter})
        add_job(mail, job, age)
    report = read_queues(mail.url, AT)["bullmq", "mail"]
    assert (report.jobs["prioritized"], report.oldest_job_age_seconds) == (4, 500)


def test_active_jobs_without_a_lock_are_orphaned_and_old_ones_stuck(mail: RealServer) -> None:
    mail.client.lpush("bull:mail:active", "1", "2", "3")
    for job, age in (("1", 700), ("2", 700), ("3", 20)):
        add_job(mail, job, age, processedOn=AT_MS - age * 1000)
    mail.client.set("bull:mail:1:lock", "token")
    mail.client.set("bull:mail:3:lock", "token")
    report = read_queues(mail.url, AT)["bullmq", "mail"]
    assert (report.jobs["active"], report.orphaned, report.stuck) == (3, 1, 1)


def test_what_has_come_due_and_was_not_promoted_is_overdue(mail: RealServer) -> None:
    for job, due_in in (("1", -60), ("2", -1), ("3", 60)):
        mail.client.zadd("bull:mail:delayed", {job: int((AT + due_in) * 1000) * 0x1000 + 7})
    report = read_queues(mail.url, AT)["bullmq", "mail"]
    assert (report.jobs["delayed"], report.overdue) == (3, 1)


class Burst:
    """Plays what BullMQ writes for jobs that are removed as they end, one per millisecond."""

    def __init__(self, server: RealServer, at: float = AT) -> None:
        self._client = server.client
        self._at_ms = int(at * 1000)

    def play(self, jobs: int, *, keep_failed: bool = False, limit: int | None = None) -> None:
        """End so many jobs; every fourth fails. The stream keeps `limit` events, or all."""
        pipeline = self._client.pipeline(transaction=False)
        for number in range(jobs):
            self._at_ms += 1
            end = "failed" if number % 4 == 0 else "completed"
            pipeline.incr("bull:mail:id")
            for place, event in enumerate(("added", "waiting", "active", end)):
                pipeline.xadd("bull:mail:events", {"event": event}, id=f"{self._at_ms}-{place}")
            if keep_failed and end == "failed":
                pipeline.zadd("bull:mail:failed", {str(self._at_ms): self._at_ms})
        if limit is not None:
            pipeline.xtrim("bull:mail:events", maxlen=limit, approximate=False)
        pipeline.execute()


def ends(watcher: Watcher, at: float) -> tuple[float, float]:
    finished = watcher.read(at)["bullmq", "mail"].finished
    return finished["completed"], finished["failed"]


def derived(watcher: Watcher) -> dict[str, float]:
    (report,) = watcher.sampler.report()
    return {outcome: ends for outcome, ends in report.derived.items() if ends}


def test_ends_are_counted_from_events_although_the_sets_shrink(mail: RealServer) -> None:
    Burst(mail, AT - 10).play(3)
    burst = Burst(mail)
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        # What was there before is not counted: it was before our time.
        assert ends(watcher, AT) == (0, 0)
        burst.play(4)
        assert ends(watcher, AT + 15) == (3, 1)
        assert ends(watcher, AT + 30) == (3, 1)
        assert derived(watcher) == {}


@pytest.mark.parametrize("jobs", [40, 400, 1000, 2400])
def test_a_burst_is_counted_to_the_last_job(mail: RealServer, jobs: int) -> None:
    burst = Burst(mail)
    burst.play(3)
    with Watcher(mail.url) as watcher:
        watcher.find(AT + 3600)
        before = ends(watcher, AT + 3600)
        burst.play(jobs)
        watcher.read(AT + 3615)
        completed, failed = ends(watcher, AT + 3630)
        assert (completed - before[0], failed - before[1]) == (jobs - jobs // 4, jobs // 4)
        assert derived(watcher) == {}


def test_a_stream_that_is_longer_than_a_pass_may_read_is_read_on_in_the_next(mail: RealServer) -> None:
    burst = Burst(mail)
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        burst.play(14_000)
        first, second = (sum(ends(watcher, AT + 15 * number)) for number in (1, 2))
        assert first < 14_000 == second


def test_what_was_trimmed_away_unread_is_derived_and_told_apart(mail: RealServer) -> None:
    burst = Burst(mail)
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        burst.play(400)
        assert ends(watcher, AT + 15) == (300, 100)
        burst.play(6000, limit=4000)
        assert ends(watcher, AT + 30) == (4800, 1600)
        assert derived(watcher) == {"completed": 3750, "failed": 1250}
        burst.play(4, limit=4000)
        assert ends(watcher, AT + 45) == (4803, 1601)
        values = watcher.values("redis_queue_jobs_finished_derived_total")
    assert sum(values.values()) == 5000


def test_of_jobs_that_are_kept_the_sets_tell_how_they_ended(mail: RealServer) -> None:
    burst = Burst(mail)
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        burst.play(3000, keep_failed=True)
        # At the end, which is all that is left to read, no job fails.
        pipeline = mail.client.pipeline(transaction=False)
        for number in range(100):
            pipeline.incr("bull:mail:id")
            pipeline.xadd("bull:mail:events", {"event": "completed"}, id=f"{AT_MS + 9000 + number}-0")
        pipeline.xtrim("bull:mail:events", maxlen=100, approximate=False)
        pipeline.execute()
        assert ends(watcher, AT + 15) == (2350, 750)


def test_jobs_that_still_wait_or_run_have_not_ended(mail: RealServer) -> None:
    burst = Burst(mail)
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        burst.play(2000, limit=1000)
        mail.client.incrby("bull:mail:id", 12)
        mail.client.lpush("bull:mail:wait", *range(9))
        mail.client.lpush("bull:mail:active", "a", "b")
        mail.client.zadd("bull:mail:delayed", {"c": 1 << 60})
        assert sum(ends(watcher, AT + 15)) == 2000


def test_without_any_event_that_was_read_the_outcome_is_unknown(mail: RealServer) -> None:
    burst = Burst(mail)
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        burst.play(100)
        assert ends(watcher, AT + 15) == (75, 25)
        burst.play(40, limit=0)
        mail.client.xadd("bull:mail:events", {"event": "drained"}, id=f"{AT_MS + 9000}-0")
        finished = watcher.read(AT + 30)["bullmq", "mail"].finished
    assert finished == {"completed": 75, "failed": 25, "unknown": 40}


def test_counting_goes_on_exactly_over_a_restart(mail: RealServer) -> None:
    burst = Burst(mail)
    records = Memory()
    with Watcher(mail.url, records=records) as watcher:
        watcher.sample(AT)
        burst.play(8)
        watcher.sample(AT + 15)
    burst.play(400)
    with Watcher(mail.url, records=records) as watcher:
        watcher.sample(AT + 60)
        assert ends(watcher, AT + 75) == (306, 102)
        assert derived(watcher) == {}


def test_a_queue_that_is_new_counts_from_its_first_job(empty_server: RealServer) -> None:
    with Watcher(empty_server.url) as watcher:
        watcher.find(AT)
        assert watcher.read(AT) == {}
        empty_server.client.hset("bull:mail:meta", "version", "bullmq:6.7.0")
        Burst(empty_server, AT + 5).play(40)
        watcher.find(AT + 60)
        assert ends(watcher, AT + 60) == (30, 10)


def test_a_stream_that_went_back_with_a_failover_counts_nothing_twice(mail: RealServer) -> None:
    burst = Burst(mail)
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        burst.play(8)
        burst.play(4)
        assert ends(watcher, AT + 15) == (9, 3)
        mail.client.delete("bull:mail:events")
        Burst(mail).play(8)
        assert ends(watcher, AT + 30) == (9, 3)
        Burst(mail, AT + 60).play(4)
        assert ends(watcher, AT + 45) == (12, 4)


def test_what_jobs_return_does_not_make_a_page_endless(mail: RealServer) -> None:
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        pipeline = mail.client.pipeline(transaction=False)
        for number in range(400):
            result = "x" * 50_000
            pipeline.xadd(
                "bull:mail:events",
                {"event": "completed", "returnvalue": result},
                id=f"{AT_MS + 1 + number}-0",
            )
        pipeline.execute()
        assert ends(watcher, AT + 15) == (400, 0)
        (known,) = watcher.sampler._known
        assert known.notes["events/page"] == 20


def test_a_server_that_refuses_the_events_loses_no_place(start_server: StartServer) -> None:
    server = start_server()
    server.client.hset("bull:mail:meta", "version", "bullmq:6.7.0")

    def permit(*rules: str) -> None:
        server.client.execute_command("ACL", "SETUSER", "default", *rules)

    burst = Burst(server)
    with Watcher(server.url) as watcher:
        watcher.find(AT)
        watcher.read(AT)
        burst.play(4)
        assert ends(watcher, AT + 15) == (3, 1)
        burst.play(4)
        permit("-xrange", "-xrevrange")
        assert ends(watcher, AT + 30) == (3, 1)
        permit("+xrange", "+xrevrange")
        assert ends(watcher, AT + 45) == (6, 2)
        permit("-xrange")
        burst.play(4)
        assert ends(watcher, AT + 60) == (6, 2)
        permit("+xrange")
        assert ends(watcher, AT + 75) == (9, 3)


def limit(server: RealServer, begun: int, seconds: int = 58, most: int | None = None) -> None:
    server.client.set("bull:mail:limiter", begun, ex=seconds)
    if most is not None:
        server.client.hset("bull:mail:meta", mapping={"max": most, "duration": 60_000})


def limited_seconds(server: RealServer) -> float | None:
    return read_queues(server.url, AT)["bullmq", "mail"].rate_limited_seconds


def test_a_rate_limit_of_the_queue_is_in_force_once_it_is_used_up(mail: RealServer) -> None:
    mail.client.lpush("bull:mail:wait", "1")
    assert limited_seconds(mail) == 0
    limit(mail, 9, most=10)
    assert limited_seconds(mail) == 0
    limit(mail, 10, most=10)
    assert limited_seconds(mail) == pytest.approx(58, abs=1)


def test_a_rate_limit_that_was_set_by_hand_is_in_force(mail: RealServer) -> None:
    limit(mail, (1 << 53) - 1)
    assert limited_seconds(mail) == pytest.approx(58, abs=1)


def test_a_rate_limit_that_only_workers_know_is_in_force_where_they_let_jobs_wait(mail: RealServer) -> None:
    limit(mail, 3)
    assert limited_seconds(mail) == 0
    mail.client.lpush("bull:mail:wait", "1")
    # Nobody works here: that is no limit.
    assert limited_seconds(mail) == 0
    name = "bull:" + base64.b64encode(b"mail").decode()
    worker = redis.Redis(port=mail.port, client_name=name)
    worker.ping()
    assert limited_seconds(mail) == pytest.approx(58, abs=1)
    mail.client.lpush("bull:mail:active", "2")
    assert limited_seconds(mail) == 0
    worker.close()


def test_schedulers_are_counted(mail: RealServer) -> None:
    assert read_queues(mail.url, AT)["bullmq", "mail"].schedulers == 0
    mail.client.zadd("bull:mail:repeat", {"hourly": AT_MS + 5000, "daily": AT_MS + 9000})
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        assert watcher.read(AT)["bullmq", "mail"].schedulers == 2
        assert set(watcher.values("redis_queue_job_schedulers").values()) == {2.0}


def test_where_workers_keep_metrics_their_counts_are_taken(mail: RealServer) -> None:
    mail.client.hset("bull:mail:metrics:completed", "count", 41)
    report = read_queues(mail.url, AT)["bullmq", "mail"]
    assert report.finished == {"completed": 41, "failed": 0}


def test_a_queue_made_by_a_flow_has_no_version(empty_server: RealServer) -> None:
    empty_server.client.set("bull:made:id", 1)
    empty_server.client.xadd("bull:made:events", {"event": "added", "jobId": "1"})
    empty_server.client.lpush("bull:made:wait", "1")
    add_job(empty_server, "1", 5, "bull:made", name="send", data="{}")
    assert read_queues(empty_server.url, AT)["bullmq", "made"].jobs["waiting"] == 1


@pytest.mark.parametrize(
    ("stem", "label"),
    [
        ("bull:mail", "mail"),
        ("{bull}:mail", "mail"),
        ("{shop}:mail", "{shop}:mail"),
        ("my:app:mail", "my:app:mail"),
        ("bull:a:b", "a:b"),
    ],
)
def test_prefixes_and_hash_tags(empty_server: RealServer, stem: str, label: str) -> None:
    empty_server.client.hset(f"{stem}:meta", "version", "bullmq:5.81.0")
    empty_server.client.lpush(f"{stem}:wait", "1")
    add_job(empty_server, "1", 5, queue=stem)
    report = read_queues(empty_server.url, AT)["bullmq", label]
    assert (report.jobs["waiting"], report.oldest_job_age_seconds) == (1, 5)


def test_workers_are_known_by_their_connections(mail: RealServer) -> None:
    encoded = base64.b64encode(b"mail").decode()
    names = [f"bull:{encoded}", f"bull:{encoded}:w:hands", f"bull:{encoded}:qe", f"other:{encoded}"]
    clients = [redis.Redis(port=mail.port, client_name=name, protocol=2) for name in names]
    for client in clients:
        client.ping()
    assert read_queues(mail.url, AT)["bullmq", "mail"].workers == 2
    for client in clients:
        client.close()


@pytest.mark.parametrize("part", ["wait", "active", "delayed", "completed", "events", "id"])
def test_a_key_of_a_wrong_type_makes_it_no_queue(empty_server: RealServer, part: str) -> None:
    empty_server.client.hset("bull:odd:meta", "version", "bullmq:5.81.0")
    if part == "id":
        empty_server.client.delete("bull:odd:meta")
        empty_server.client.set("bull:odd:id", "not a number")
    else:
        empty_server.client.set(f"bull:odd:{part}", "something else")
    assert read_queues(empty_server.url, AT) == {}


def test_a_key_that_changes_its_type_is_unknown_not_0(mail: RealServer) -> None:
    with Watcher(mail.url) as watcher:
        watcher.find(AT)
        mail.client.set("bull:mail:wait", "something else")
        report = watcher.read(AT)["bullmq", "mail"]
    assert "waiting" not in report.jobs
    assert report.jobs["active"] == 0
    assert report.oldest_job_age_seconds == 0  # of the paused list, which is there to be read


def test_jobs_full_of_nonsense_have_no_age(mail: RealServer) -> None:
    mail.client.lpush("bull:mail:wait", "1")
    mail.client.hset("bull:mail:1", mapping={"timestamp": "soon", "opts": "[" * 5000, "processedOn": b"\xff"})
    report = read_queues(mail.url, AT)["bullmq", "mail"]
    assert (report.jobs["waiting"], report.oldest_job_age_seconds) == (1, None)
