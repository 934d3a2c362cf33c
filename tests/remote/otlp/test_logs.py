"""Events as log records, as the protocol's own package reads them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from exporter.events import Event, EventKind
from exporter.remote.otlp.attributes import instance_resource
from exporter.remote.otlp.logs import encode_logs, record_of
from exporter.remote.otlp.payload import Requests
from tests.remote.otlp.receiver import attributes, records_of

AT = 1_700_000_000.5


def event(kind: EventKind = EventKind.SLOWLOG, instance: str = "a:1", **fields: Any) -> Event:
    return Event.of(AT, instance, kind, fields)


def resource(instance: str) -> Resource:
    return instance_resource(instance, {"deployment.environment.name": "prod"})


def test_an_event_is_a_record_of_its_instance_with_its_time_name_and_fields() -> None:
    one = event(pattern="GET {}", duration=0.25, id=7, first=True, clients=["a", "b"], nobody=None)
    (found,) = records_of(*encode_logs([one], resource, Requests(is_gzip=True), 1_700_000_001_000))
    own, record = found
    assert own == {
        "service.name": "redis",
        "service.instance.id": "a:1",
        "deployment.environment.name": "prod",
    }
    assert record.time_unix_nano == 1_700_000_000_500_000_000
    assert record.observed_time_unix_nano == 1_700_000_001_000_000_000
    assert record.event_name == "redis_vigil.slowlog"
    assert (record.severity_number, record.severity_text) == (13, "WARN")
    assert record.body.string_value == "slowlog pattern=GET {} duration=0.25 id=7 first=True clients=a, b"
    told = attributes(record.attributes)
    assert [value.string_value for value in told.pop("redis_vigil.clients").values] == ["a", "b"]
    assert told == {
        "redis_vigil.pattern": "GET {}",
        "redis_vigil.duration": 0.25,
        "redis_vigil.id": 7,
        "redis_vigil.first": True,
    }


@pytest.mark.parametrize(
    ("state", "severity", "text"),
    [
        ("firing", "critical", "ERROR"),
        ("firing", "warning", "WARN"),
        ("firing", "info", "INFO"),
        ("firing", "own", "WARN"),
        ("pending", "critical", "INFO"),
        ("resolved", "critical", "INFO"),
    ],
)
def test_an_alert_is_as_bad_as_its_severity_says_while_it_fires(state: str, severity: str, text: str) -> None:
    fields = {"alertname": "RedisDown", "state": state, "severity": severity, "summary": "a:1 is down"}
    record = record_of(event(EventKind.ALERT, **fields), 0)
    assert (record.severity_text, record.event_name) == (text, "redis_vigil.alert")
    assert record.body.string_value == f"{state}: a:1 is down"
    assert attributes(record.attributes)["redis_vigil.alertname"] == "RedisDown"


def test_a_server_that_is_down_is_an_error() -> None:
    assert record_of(event(EventKind.DOWN), 0).severity_text == "ERROR"
    assert record_of(event(EventKind.UP), 0).severity_text == "INFO"


def test_many_events_of_many_instances_are_split_by_size() -> None:
    events = [event(instance=f"s{number % 7}:1", text="x" * 900) for number in range(3000)]
    payloads = encode_logs(events, resource, Requests(is_gzip=False, most_bytes=500_000), 0)
    assert len(payloads) > 4
    assert [one.items for one in payloads] == [len(records_of(one)) for one in payloads]
    assert len(records_of(*payloads)) == 3000
    # A piece of one instance is the least that a request holds.
    assert max(len(one.body) for one in payloads) < 1_500_000


texts = st.text(st.characters(exclude_categories=()), max_size=30)
values = st.one_of(
    texts,
    st.integers(-(1 << 70), 1 << 70),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(texts, max_size=3),
)


@given(st.dictionaries(st.text(min_size=1, max_size=10), values, max_size=5))
def test_whatever_an_event_holds_it_arrives(fields: dict[str, Any]) -> None:
    events: Sequence[Event] = [Event(1, "a", EventKind.DAEMON, fields, 1)]
    assert len(records_of(*encode_logs(events, resource, Requests(is_gzip=False), 0))) == 1
