"""`/api/events`."""

import asyncio
import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from exporter.events import Event, EventKind
from exporter.web.events import routes
from tests.clocks import FrozenClock
from tests.events.logs import NOW, event, open_log
from tests.web.asgi import ask


def answers(events: Sequence[Event], *paths: str) -> list[Any]:
    """The answers to these paths, where these events are known."""

    async def play() -> list[Any]:
        async with open_log() as log:
            for one in events:
                log.record(one)
            app = Starlette(routes=routes(log, FrozenClock(NOW)))
            return [await ask(app, "GET", f"/api/events{path}") for path in paths]

    return asyncio.run(play())


def texts(answer: Any) -> list[str]:
    return [one["fields"]["text"] for one in answer.json()["events"]]


SOME = [
    event(NOW - 7200, "cache-1", EventKind.FAILOVER, text="a"),
    event(NOW - 3600, "cache-2", EventKind.SLOWLOG, text="b"),
    event(NOW - 60, "cache-1", EventKind.SLOWLOG, text="c"),
    event(NOW, "", EventKind.RELOAD, text="d"),
]


def test_an_event_has_its_moment_instance_kind_and_fields() -> None:
    (answer,) = answers(SOME, "?kind=failover")

    (one,) = answer.json()["events"]
    assert one.pop("id")
    assert one == {"at": NOW - 7200, "instance": "cache-1", "kind": "failover", "fields": {"text": "a"}}
    assert answer.json()["next_cursor"] is None
    assert answer.json()["at"] == NOW


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "dcba"),
        ("?instance=cache-1", "ca"),
        ("?instance=cache-1&instance=cache-2", "cba"),
        ("?instance=", "d"),
        ("?instance=nobody", ""),
        ("?kind=slowlog", "cb"),
        ("?kind=slowlog,failover&instance=cache-1", "ca"),
        ("?kind=slowlog&kind=reload", "dcb"),
        ("?since=1h", "dcb"),
        ("?since=1h&until=30s", "cb"),
        (f"?since={NOW - 60}", "dc"),
        (f"?until={NOW - 3600}", "ba"),
        ("?since=2025-10-09T07:30:00Z", "dcb"),
        ("?limit=2", "dc"),
        ("?limit=999999", "dcba"),
        ("?since=0", "dcba"),
    ],
)
def test_parameters_narrow_it_down(path: str, expected: str) -> None:
    (answer,) = answers(SOME, path)

    assert answer.status_code == 200, answer.text
    assert "".join(texts(answer)) == expected


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("?kind=slow_log", 'invalid parameter "kind": "slow_log" is no kind of event; did you mean slowlog?'),
        ("?kind=x", 'invalid parameter "kind": "x" is no kind of event; there are slowlog, '),
        ("?since=yesterday", 'invalid parameter "since": "yesterday" is neither a duration, such as 2h, nor'),
        ("?since=1h&until=2h", 'invalid parameter "until": it must not be before since'),
        ("?limit=0", 'invalid parameter "limit": it must be a whole number from 1 to 1000'),
        ("?limit=-1", 'invalid parameter "limit"'),
        ("?limit=ten", 'invalid parameter "limit"'),
        ("?cursor=next", 'invalid parameter "cursor": not a cursor'),
        ("?cursor=1-99999999999999999999", 'invalid parameter "cursor": not a cursor'),
        (
            "?" + "&".join(f"instance={number}" for number in range(21)),
            'invalid parameter "instance": at most',
        ),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(path: str, problem: str) -> None:
    (answer,) = answers(SOME, path)

    assert answer.status_code == 400
    assert answer.json()["errorType"] == "bad_data"
    assert answer.json()["error"].startswith(problem)
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize("since", ["9e15", "-9e15", "292y", "292277025-08-18T07:12:54.999999999Z"])
def test_the_far_ends_of_time_are_no_fault(since: str) -> None:
    (answer,) = answers(SOME, f"?since={since}")

    assert answer.status_code == 200


@settings(deadline=None, max_examples=40)
@given(
    moments=st.lists(st.integers(0, 5), max_size=40),
    limit=st.integers(1, 7),
    late=st.lists(st.integers(0, 5), max_size=5),
)
def test_pages_together_hold_every_event_once_in_order(
    moments: list[int], limit: int, late: list[int]
) -> None:
    """Also where older ones come while somebody reads: these show where the reader has not been yet."""

    async def play() -> None:
        async with open_log() as log:
            for number, moment in enumerate(moments):
                log.record(event(NOW - moment, text=f"e{number}", moment=moment))
            app = Starlette(routes=routes(log, FrozenClock(NOW)))
            found: list[Any] = []
            waiting = list(late)
            cursor: str | None = ""
            while cursor is not None:
                page = (await ask(app, "GET", f"/api/events?limit={limit}&cursor={cursor}")).json()
                assert len(page["events"]) <= limit
                found += page["events"]
                cursor = page["next_cursor"]
                if waiting:
                    log.record(event(NOW - waiting.pop(), text="late", moment=-1))
            known = [one for one in found if one["fields"]["text"] != "late"]
            expected = sorted(enumerate(moments), key=lambda pair: (pair[1], -pair[0]))
            assert [one["fields"]["text"] for one in known] == [f"e{number}" for number, _ in expected]
            assert len({one["id"] for one in found}) == len(found)

    asyncio.run(play())


@settings(deadline=None, max_examples=60)
@given(
    instance=st.text(st.characters(codec=None), max_size=20),
    text=st.text(st.characters(codec=None), max_size=2000),
    number=st.floats() | st.integers(),
    many=st.lists(st.text(st.characters(codec=None), max_size=300), max_size=100),
    at=st.floats(),
)
def test_hostile_texts_and_numbers_are_kept_within_bounds(
    instance: str, text: str, number: float, many: list[str], at: float
) -> None:
    hostile = Event.of(at, instance, EventKind.SLOWLOG, {"text": text, "number": number, "many": many})

    assert len(hostile.fields_json()) <= 8_000
    fields = json.loads(hostile.fields_json())
    assert fields["number"] is None or math.isfinite(fields["number"])
    (answer,) = answers([event(text="a"), hostile], "")
    assert answer.status_code == 200
    json.loads(answer.content)
