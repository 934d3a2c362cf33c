"""Events as log records of OTLP.

Source: opentelemetry.io/docs/specs/otel/logs/data-model, "Events" and "Severity".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from exporter.events import Event, EventKind
from exporter.remote.otlp.attributes import SCOPE, any_value
from exporter.remote.otlp.payload import Payload, Requests

# Log records in a piece, which is the least that a request holds.
_PIECE: Final = 500
_NANOSECONDS: Final = 1_000_000
_INFO: Final = SeverityNumber.SEVERITY_NUMBER_INFO
_WARN: Final = SeverityNumber.SEVERITY_NUMBER_WARN
_ERROR: Final = SeverityNumber.SEVERITY_NUMBER_ERROR
_TEXTS: Final = {_INFO: "INFO", _WARN: "WARN", _ERROR: "ERROR"}
_BY_KIND: Final[Mapping[EventKind, "SeverityNumber.ValueType"]] = {
    EventKind.DOWN: _ERROR,
    **dict.fromkeys(
        (
            EventKind.SLOWLOG,
            EventKind.LARGE_REQUEST,
            EventKind.LARGE_REPLY,
            EventKind.SLOWLOG_LOST,
            EventKind.ACL_DENIAL,
            EventKind.LATENCY_SPIKE,
            EventKind.RESTART,
            EventKind.FAILOVER,
        ),
        _WARN,
    ),
}
# Of alerts that fire, by the label `severity`; others are warnings, too.
_BY_SEVERITY: Final = {"critical": _ERROR, "page": _ERROR, "error": _ERROR, "info": _INFO, "none": _INFO}
_FIRING: Final = "firing"
_MAX_BODY: Final = 1000


def encode_logs(
    events: Sequence[Event],
    resource_of: Callable[[str], Resource],
    requests: Requests,
    now_ms: int,
) -> Sequence[Payload]:
    """Return requests with these events, by the resources of their instances; `now_ms`: when they came."""
    by_instance: dict[str, list[Event]] = {}
    for event in events:
        by_instance.setdefault(event.instance, []).append(event)
    for instance, own in by_instance.items():
        resource = resource_of(instance)
        for first in range(0, len(own), _PIECE):
            piece = own[first : first + _PIECE]
            request = ExportLogsServiceRequest()
            scope = request.resource_logs.add(resource=resource).scope_logs.add(scope=SCOPE)
            scope.log_records.extend(record_of(event, now_ms) for event in piece)
            requests.add(request.SerializeToString(), len(piece))
    return requests.take()


def record_of(event: Event, now_ms: int) -> LogRecord:
    """Return an event as a log record that was observed now (milliseconds)."""
    severity = severity_of(event)
    return LogRecord(
        time_unix_nano=event.at_ms * _NANOSECONDS,
        observed_time_unix_nano=max(now_ms, event.at_ms) * _NANOSECONDS,
        severity_number=severity,
        severity_text=_TEXTS[severity],
        event_name=f"redis_vigil.{event.kind}",
        body=any_value(_body_of(event)),
        attributes=list(_attributes(event)),
    )


def severity_of(event: Event) -> "SeverityNumber.ValueType":
    """Return how bad an event is; an alert that does not fire is told as information."""
    if event.kind is not EventKind.ALERT:
        return _BY_KIND.get(event.kind, _INFO)
    if event.fields.get("state") != _FIRING:
        return _INFO
    return _BY_SEVERITY.get(str(event.fields.get("severity", "")).lower(), _WARN)


def _body_of(event: Event) -> str:
    """One line for people: the summary of an alert with its state, else all that is known."""
    fields = event.fields
    if event.kind is EventKind.ALERT:
        return f"{fields.get('state', '')}: {fields.get('summary') or fields.get('alertname', '')}"
    texts = [f"{name}={_text(value)}" for name, value in fields.items() if value not in (None, "", ())]
    return " ".join([str(event.kind), *texts])[:_MAX_BODY]


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _attributes(event: Event) -> Iterable[KeyValue]:
    """The fields of an event under names of our own."""
    for name, value in event.fields.items():
        if value is not None:
            yield KeyValue(key=f"redis_vigil.{name}", value=_any(value))


def _any(value: str | int | float | bool | Sequence[str]) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, int):
        # Integers of OTLP have 64 bits.
        return AnyValue(int_value=value) if abs(value) < 1 << 63 else AnyValue(double_value=float(value))
    if isinstance(value, str):
        return any_value(value)
    return AnyValue(array_value=ArrayValue(values=[any_value(one) for one in value]))
