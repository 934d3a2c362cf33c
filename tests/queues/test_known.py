"""The known queues: labels, limits, notes."""

from exporter.queues.known import KnownQueue, KnownQueues, printable
from exporter.queues.model import QueueId

MAIL = QueueId("bullmq", b"bull:mail")
OTHER = QueueId("bullmq", b"{bull}:mail")


def test_two_queues_never_share_their_labels() -> None:
    known = KnownQueues(10)
    known.see(MAIL, "mail", 1.0)
    known.see(OTHER, "mail", 1.0)
    known.see(QueueId("bullmq", b"bull:mail", database=1), "mail", 1.0)
    assert [queue.label for queue in known] == ["mail", "{bull}:mail", "mail"]


def test_what_is_over_the_limit_is_counted_once_and_left_alone() -> None:
    known = KnownQueues(1)
    for _ in range(3):
        known.see(MAIL, "mail", 1.0)
        known.see(OTHER, "other", 1.0)
    assert (len(known), known.over_limit) == (1, {"bullmq": 1})


def test_a_forgotten_queue_makes_room() -> None:
    known = KnownQueues(1)
    known.see(MAIL, "mail", 1.0)
    assert [gone.label for gone in known.expire(2.0, 2.0)] == ["mail"]
    known.see(OTHER, "mail", 3.0)
    assert [queue.label for queue in known] == ["mail"]
    assert known.over_limit == {}


def test_no_framework_crowds_out_another() -> None:
    known = KnownQueues(10)
    for number in range(30):
        known.see(QueueId("stream", b"", b"%d" % number), str(number), 1.0)
    for number in range(3):
        known.see(QueueId("bullmq", b"bull:%d" % number), str(number), 2.0)
    assert (known.counts, known.over_limit) == ({"stream": 7, "bullmq": 3}, {"stream": 23})
    for number in range(20):
        known.see(QueueId("rq", b"rq:queue:", b"%d" % number), str(number), 3.0)
        known.see(QueueId("stream", b"", b"%d" % number), str(number), 3.0)
    assert known.counts == {"stream": 4, "bullmq": 3, "rq": 3}
    assert sum(known.over_limit.values()) == 30 + 3 + 20 - 10
    labels = [queue.label for queue in known if queue.id.framework == "stream"]
    assert labels == ["0", "1", "2", "3"]


def test_what_was_over_the_limit_is_counted_as_long_as_it_is_seen() -> None:
    known = KnownQueues(1)
    known.see(MAIL, "mail", 1.0)
    known.see(OTHER, "other", 1.0)
    known.see(MAIL, "mail", 9.0)
    known.expire(5.0, 5.0)
    assert known.over_limit == {}


def test_what_is_part_of_another_queue_is_none_and_not_over_the_limit() -> None:
    known = KnownQueues(1)
    known.see(MAIL, "mail", 1.0)
    known.see(OTHER, "other", 1.0)
    known.absorb(OTHER)
    known.absorb(MAIL)
    assert (len(known), known.over_limit) == (0, {})


def test_seen_again_it_lives_on_and_takes_new_notes() -> None:
    known = KnownQueues(1)
    known.see(MAIL, "mail", 1.0, {"a": 1})
    known.see(MAIL, "mail", 5.0, {"b": 2})
    assert known.expire(4.0, 4.0) == []
    assert next(iter(known)).notes == {"a": 1, "b": 2}


def test_first_seen_lasts_as_long_as_the_identity() -> None:
    queue = KnownQueue(MAIL, "mail", 0.0)
    assert [queue.first_seen("head", name, at) for at, name in enumerate("aabba")] == [0, 0, 2, 2, 4]
    queue.forget("head")
    assert queue.notes == {}


def test_a_counter_follows_its_sources_over_their_restarts() -> None:
    queue = KnownQueue(MAIL, "mail", 0.0)
    # What a source had when it was first seen was before our time; one that begins anew counts from 0.
    totals = [queue.follow("done", "a", value) for value in (100, 105, 3, 4)]
    assert totals == [0, 5, 8, 9]
    assert queue.follow("done", "b", 7) == 9
    queue.drop_sources("done", ["b"])
    assert queue.notes == {"done": 9, "done/b": 7}


def test_a_name_that_is_no_text_is_shown_all_the_same() -> None:
    assert printable(b"caf\xc3\xa9 \xff") == "café \\xff"
