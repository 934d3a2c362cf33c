"""Encodes alerting's objects as JSON. Names and forms stay: earlier versions have written them."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from exporter.alerting.history import HistoryRecord, NotificationOutcome, NotifiedAlert
from exporter.alerting.nflog import LogEntry, LogKey
from exporter.alerting.silences import Silence
from exporter.config.alertmanager.matchers import make_matcher
from exporter.log import get_logger
from exporter.model.alert import Alert
from exporter.model.labels import Annotations, Labels
from exporter.model.matcher import MatchOp
from exporter.model.moment import Moment

ValueT = TypeVar("ValueT")

_log = get_logger(__name__)


def dump(value: Any) -> str:
    """JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_all(rows: Iterable[str], decode: Callable[[Any], ValueT]) -> list[ValueT]:
    """The objects of rows; one that cannot be read is left out, and that is logged."""
    values = []
    for row in rows:
        try:
            values.append(decode(json.loads(row)))
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            what = f"{type(error).__name__}: {error}"
            _log.error("a saved row cannot be read and is left out", error=what)
    return values


def labels_key(labels: Labels) -> str:
    """Return the key of a label set."""
    return dump(labels.pairs)


def log_key(key: LogKey) -> str:
    """Return the key of an entry of the notification log."""
    return dump([key.group_key, key.receiver, key.integration, key.index])


def encode_alert(alert: Alert) -> str:
    """Return an alert as JSON."""
    return dump(
        {
            "labels": alert.labels.as_dict(),
            "annotations": alert.annotations.as_dict(),
            "startsAt": alert.starts_at,
            "endsAt": alert.ends_at,
            "generatorURL": alert.generator_url,
            "updatedAt": alert.updated_at,
            "timeout": alert.timeout,
            **_written("startsAt", alert.starts_at),
            **_written("endsAt", alert.ends_at),
        }
    )


def _written(name: str, at: float) -> dict[str, list[int]]:
    """Return the part of a moment that a float leaves out; earlier versions do not look for it."""
    return {f"{name}Written": [at.nanoseconds, at.offset_seconds]} if isinstance(at, Moment) else {}


def _moment(data: dict[str, Any], name: str) -> float:
    written = data.get(f"{name}Written")
    at: float = data[name]
    return at if written is None else Moment(*written)


def decode_alert(data: dict[str, Any]) -> Alert:
    """Return the alert of decoded JSON."""
    return Alert(
        Labels(data["labels"]),
        Annotations(data["annotations"]),
        _moment(data, "startsAt"),
        _moment(data, "endsAt"),
        data["generatorURL"],
        data["updatedAt"],
        data["timeout"],
    )


def encode_silence(silence: Silence) -> str:
    """Return a silence as JSON."""
    return dump(
        {
            "id": silence.id,
            "matchers": [[one.name, one.op.value, one.value] for one in silence.matchers],
            "startsAt": silence.starts_at,
            "endsAt": silence.ends_at,
            "createdBy": silence.created_by,
            "comment": silence.comment,
            "updatedAt": silence.updated_at,
            "annotations": silence.annotations.as_dict(),
        }
    )


def decode_silence(data: dict[str, Any]) -> Silence:
    """Return the silence of decoded JSON."""
    return Silence(
        data["id"],
        tuple(make_matcher(name, MatchOp(op), value) for name, op, value in data["matchers"]),
        data["startsAt"],
        data["endsAt"],
        data["createdBy"],
        data["comment"],
        data["updatedAt"],
        Annotations(data.get("annotations", {})),
    )


def encode_entry(entry: LogEntry) -> str:
    """Return an entry of the notification log as JSON."""
    key = entry.key
    return dump(
        {
            "key": [key.group_key, key.receiver, key.integration, key.index],
            "at": entry.at,
            "expiresAt": entry.expires_at,
            "firing": _hex(entry.firing),
            "resolved": _hex(entry.resolved),
            "hidden": _hex(entry.muted_firing),
        }
    )


def decode_entry(data: dict[str, Any]) -> LogEntry:
    """Return the entry of decoded JSON."""
    return LogEntry(
        LogKey(*data["key"]),
        data["at"],
        data["expiresAt"],
        _unhex(data["firing"]),
        _unhex(data["resolved"]),
        _unhex(data["hidden"]),
    )


def encode_record(record: HistoryRecord) -> str:
    """Return a record of the history as JSON."""
    return dump(
        {
            "at": record.at,
            "receiver": record.receiver,
            "integration": record.integration,
            "groupKey": record.group_key,
            "groupLabels": record.group_labels.as_dict(),
            "outcome": record.outcome.value,
            "attempts": record.attempts,
            "firing": record.firing,
            "resolved": record.resolved,
            "alerts": [[one.labels.as_dict(), one.status] for one in record.alerts],
            "error": record.error,
        }
    )


def decode_record(data: dict[str, Any]) -> HistoryRecord:
    """Return the record of decoded JSON."""
    return HistoryRecord(
        data["at"],
        data["receiver"],
        data["integration"],
        data["groupKey"],
        Labels(data["groupLabels"]),
        NotificationOutcome(data["outcome"]),
        data["attempts"],
        data["firing"],
        data["resolved"],
        tuple(NotifiedAlert(Labels(labels), status) for labels, status in data["alerts"]),
        data["error"],
    )


def _hex(fingerprints: frozenset[int]) -> list[str]:
    # As text, since many JSON readers take numbers for doubles, which 64 bits do not fit into.
    return [f"{one:016x}" for one in sorted(fingerprints)]


def _unhex(texts: Sequence[str]) -> frozenset[int]:
    return frozenset(int(one, 16) for one in texts)
