"""Celery's heartbeats."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from exporter.samplers.queues.celery_events import CeleryEvents
from tests.samplers.queues.reading import FrozenClock


def listener(clock: FrozenClock, *, listening_since: float | None = 0.0) -> CeleryEvents:
    def connect() -> None:
        raise AssertionError("not in this test")

    events = CeleryEvents(connect, clock)  # type: ignore[arg-type]  # it must not connect
    events._listening_since = listening_since
    return events


def heartbeat(hostname: str, processed: int, database: int = 0) -> list[bytes]:
    event = {"hostname": hostname, "processed": processed, "freq": 2.0, "active": 1}
    body = base64.b64encode(json.dumps(event).encode()).decode()
    channel = f"/{database}.celeryev/worker.heartbeat"
    envelope = json.dumps({"body": body, "headers": {}, "properties": {"body_encoding": "base64"}})
    return [b"pmessage", b"/*.celeryev/worker.heartbeat", channel.encode(), envelope.encode()]


def names(events: CeleryEvents) -> set[str]:
    told = events.heartbeats(0)
    assert told is not None
    return set(told.heard)


def test_a_worker_is_known_by_its_last_heartbeat() -> None:
    clock = FrozenClock(100.0)
    events = listener(clock)
    events.receive(heartbeat("a@host", 1))
    clock.at = 102.0
    events.receive(heartbeat("a@host", 5))
    events.receive(heartbeat("b@host", 7, database=2))
    told = events.heartbeats(0)
    assert told is not None
    assert dict(told.heard) == {"a@host": (102.0, 5)}


def test_before_a_heartbeat_could_have_come_nothing_is_known() -> None:
    clock = FrozenClock(100.0)
    assert listener(clock, listening_since=None).heartbeats(0) is None
    events = listener(clock, listening_since=98.0)
    assert events.heartbeats(0) is None
    clock.at = 104.0
    told = events.heartbeats(0)
    assert told is not None
    assert dict(told.heard) == {}


def test_who_is_silent_for_long_is_forgotten() -> None:
    clock = FrozenClock(100.0)
    events = listener(clock)
    events.receive(heartbeat("a@host", 1))
    clock.at = 699.0
    assert names(events) == {"a@host"}
    clock.at = 701.0
    assert names(events) == set()


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
