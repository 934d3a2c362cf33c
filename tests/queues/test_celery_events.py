"""Celery's heartbeats."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from exporter.queues.base import Heartbeat
from exporter.queues.celery_events import CeleryEvents
from tests.clocks import FrozenClock


def listener(clock: FrozenClock, *, listening_since: float | None = 0.0) -> CeleryEvents:
    def connect() -> None:
        raise AssertionError("not in this test")

    events = CeleryEvents(connect, clock)  # type: ignore[arg-type]  # it must not connect
    events._listening_since = listening_since
    return events


def heartbeat(
    hostname: str,
    processed: int,
    database: int = 0,
    *,
    active: int = 1,
    pid: int = 7,
    kind: str = "heartbeat",
    prefix: str = "",
) -> list[bytes]:
    event = {"hostname": hostname, "processed": processed, "freq": 2.0, "active": active, "pid": pid}
    body = base64.b64encode(json.dumps(event).encode()).decode()
    channel = f"{prefix}/{database}.celeryev/worker.{kind}"
    envelope = json.dumps({"body": body, "headers": {}, "properties": {"body_encoding": "base64"}})
    return [b"pmessage", b"*/*.celeryev/worker.*", channel.encode(), envelope.encode()]


def heard(events: CeleryEvents, database: int = 0, prefix: bytes = b"") -> list[Heartbeat]:
    told = events.heartbeats(database)
    assert told is not None
    return list(told.heard.get(prefix, ()))


def processes(events: CeleryEvents) -> set[str]:
    return {one.process for one in heard(events) if not one.has_left}


def test_a_worker_is_known_by_its_last_heartbeat() -> None:
    clock = FrozenClock(100.0)
    events = listener(clock, listening_since=95.0)
    events.receive(heartbeat("a@host", 1))
    clock.at = 102.0
    events.receive(heartbeat("a@host", 5, active=2))
    events.receive(heartbeat("b@host", 7, database=2))
    assert heard(events) == [Heartbeat("a@host/7", 102.0, active=2, ended=3)]


def test_workers_behind_a_prefix_are_those_of_their_own_queues() -> None:
    events = listener(FrozenClock(100.0))
    events.receive(heartbeat("a@host", 1, prefix="shop:"))
    assert heard(events) == []
    assert [one.process for one in heard(events, prefix=b"shop:")] == ["a@host/7"]


def test_what_has_ended_never_falls_while_a_worker_lives() -> None:
    events = listener(FrozenClock(100.0))
    told = []
    # The two figures of a heartbeat are not read at one moment.
    for processed, active in ((10, 1), (11, 3), (12, 3), (14, 2)):
        events.receive(heartbeat("a@host", processed, active=active))
        told.append(heard(events)[0].ended)
    assert told == [9, 9, 9, 12]


def test_a_worker_that_was_started_again_counts_from_its_start_and_the_old_one_to_its_end() -> None:
    events = listener(FrozenClock(100.0))
    events.receive(heartbeat("a@host", 10, active=0))
    events.receive(heartbeat("a@host", 3, active=0, pid=8))
    # In a container each has the same process id.
    events.receive(heartbeat("a@host", 1, active=0, pid=8))
    assert [(one.process, one.ended, one.is_new, one.has_left) for one in heard(events)] == [
        ("a@host/8/1", 1, True, False),
        ("a@host/7", 10, True, True),
        ("a@host/8", 3, True, True),
    ]


def test_a_worker_that_ends_in_good_order_has_left_and_is_not_silent() -> None:
    clock = FrozenClock(100.0)
    events = listener(clock)
    events.receive(heartbeat("a@host", 10, active=2))
    events.receive(heartbeat("a@host", 12, active=0, kind="offline"))
    assert [(one.ended, one.has_left) for one in heard(events)] == [(12, True)]
    clock.at = 300.0
    assert heard(events) == []


def test_just_who_starts_while_we_listen_is_new() -> None:
    clock = FrozenClock(100.0)
    events = listener(clock, listening_since=96.0)
    events.receive(heartbeat("old@host", 10))
    clock.at = 110.0
    events.receive(heartbeat("new@host", 10))
    assert [one.is_new for one in heard(events)] == [False, True]


def test_before_a_heartbeat_could_have_come_nothing_is_known() -> None:
    clock = FrozenClock(100.0)
    assert listener(clock, listening_since=None).heartbeats(0) is None
    events = listener(clock, listening_since=98.0)
    assert events.heartbeats(0) is None
    clock.at = 104.0
    told = events.heartbeats(0)
    assert told is not None
    assert told.heard == {}


def test_who_is_silent_for_long_is_forgotten() -> None:
    clock = FrozenClock(100.0)
    events = listener(clock)
    events.receive(heartbeat("a@host", 1))
    clock.at = 699.0
    assert processes(events) == {"a@host/7"}
    clock.at = 701.0
    assert processes(events) == set()


@given(
    st.one_of(
        st.none(), st.integers(), st.binary(), st.lists(st.one_of(st.binary(), st.integers()), max_size=5)
    )
)
def test_what_is_no_heartbeat_is_passed_over(message: object) -> None:
    events = listener(FrozenClock(100.0))
    events.receive(message)
    if isinstance(message, list) and len(message) == 4:
        events.receive([b"pmessage", b"", b"/0.celeryev/worker.heartbeat", message[3]])
    told = events.heartbeats(0)
    assert told is not None
    assert not told.heard
