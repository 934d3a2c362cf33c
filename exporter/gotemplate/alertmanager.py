"""Notification templates have these data and functions.

Source: template/template.go of Alertmanager 0.34.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Final
from urllib.parse import unquote_to_bytes
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exporter.gotemplate.containers import ITEMS, append, make_dict, make_list
from exporter.gotemplate.durations import Duration
from exporter.gotemplate.encoding import to_json
from exporter.gotemplate.humanize import humanize_duration
from exporter.gotemplate.printing import join_bounded
from exporter.gotemplate.texts import lower, match, replace_all, title, upper
from exporter.gotemplate.time_parsing import parse_time
from exporter.gotemplate.times import TIME, ZERO_TIME, Time, span, time_of
from exporter.gotemplate.values import (
    ANY,
    STRING,
    STRINGS,
    Function,
    FunctionError,
    Html,
    StringList,
    StringMap,
    Structure,
    TypedList,
    Url,
    from_bytes,
    to_bytes,
)

ALERT_NAME: Final = "alertname"
ROUTE_LABELS: Final = "routeLabels"
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?")


@dataclass(frozen=True, slots=True)
class Pair(Structure):
    """One label or annotation."""

    name: str
    value: str

    go_type: ClassVar[str] = "template.Pair"
    go_fields: ClassVar[Mapping[str, str]] = {"Name": "name", "Value": "value"}
    go_json_names: ClassVar[Mapping[str, str]] = {"Name": "Name", "Value": "Value"}


class Pairs(TypedList):
    """Labels or annotations in order."""

    go_type: ClassVar[str] = "template.Pairs"

    def names(self) -> StringList:
        """Return the names, in order."""
        return StringList(pair.name for pair in self)

    def values(self) -> StringList:
        """Return the values, in order."""
        return StringList(pair.value for pair in self)

    def __str__(self) -> str:
        return join_bounded((f"{pair.name}={pair.value}" for pair in self), ", ")


class KV(StringMap):
    """Labels or annotations by name."""

    go_type: ClassVar[str] = "template.KV"

    def sorted_pairs(self) -> Pairs:
        """Sort by name, but for the name of the alert, which comes first."""
        names = sorted(self, key=lambda name: (name != ALERT_NAME, name))
        return Pairs(Pair(name, self[name]) for name in names)

    def remove(self, names: Iterable[str]) -> "KV":
        """All but those named."""
        dropped = set(names)
        return KV({name: value for name, value in self.items() if name not in dropped})


Pairs.go_methods = {
    "Names": Function(Pairs.names),
    "Values": Function(Pairs.values),
    "String": Function(str),
}
KV.go_methods = {
    "SortedPairs": Function(KV.sorted_pairs),
    "Remove": Function(KV.remove, (STRINGS,)),
    "Names": Function(lambda pairs: pairs.sorted_pairs().names()),
    "Values": Function(lambda pairs: pairs.sorted_pairs().values()),
    "String": Function(lambda pairs: str(pairs.sorted_pairs())),
}


@dataclass(frozen=True, slots=True)
class TemplateAlert(Structure):
    """One alert; `ends_at` is Go's zero time while it fires."""

    status: str
    labels: KV
    annotations: KV
    starts_at: Time
    ends_at: Time = ZERO_TIME
    generator_url: str = ""
    fingerprint: str = ""
    # No fields that a template could name: Alertmanager knows nothing of them. `was_notified_firing`:
    # an earlier notification said that it fires.
    reading: str = ""
    was_notified_firing: bool = False

    go_type: ClassVar[str] = "template.Alert"
    go_fields: ClassVar[Mapping[str, str]] = {
        "Status": "status",
        "Labels": "labels",
        "Annotations": "annotations",
        "StartsAt": "starts_at",
        "EndsAt": "ends_at",
        "GeneratorURL": "generator_url",
        "Fingerprint": "fingerprint",
    }
    go_json_names: ClassVar[Mapping[str, str]] = {
        "Status": "status",
        "Labels": "labels",
        "Annotations": "annotations",
        "StartsAt": "startsAt",
        "EndsAt": "endsAt",
        "GeneratorURL": "generatorURL",
        "Fingerprint": "fingerprint",
    }


class AlertSlice(TypedList):
    """Some of the alerts."""

    go_type: ClassVar[str] = "[]template.Alert"


class Alerts(TypedList):
    """All alerts of a notification."""

    go_type: ClassVar[str] = "template.Alerts"

    def with_status(self, status: str) -> AlertSlice:
        """Return the alerts that are firing, or resolved."""
        return AlertSlice(alert for alert in self if alert.status == status)


Alerts.go_methods = {
    "Firing": Function(lambda alerts: alerts.with_status("firing")),
    "Resolved": Function(lambda alerts: alerts.with_status("resolved")),
}


@dataclass(frozen=True, slots=True)
class NotificationData(Structure):
    """The data of a notification's template: its dot."""

    receiver: str
    status: str
    alerts: Alerts
    group_labels: KV
    common_labels: KV
    common_annotations: KV
    external_url: str
    notification_reason: str = "unknown"
    route_labels: KV = field(default_factory=KV)

    go_type: ClassVar[str] = "*template.Data"
    go_fields: ClassVar[Mapping[str, str]] = {
        "Receiver": "receiver",
        "Status": "status",
        "Alerts": "alerts",
        "GroupLabels": "group_labels",
        "CommonLabels": "common_labels",
        "CommonAnnotations": "common_annotations",
        "ExternalURL": "external_url",
        "NotificationReason": "notification_reason",
        "RouteLabels": "route_labels",
    }
    go_json_names: ClassVar[Mapping[str, str]] = {
        "Receiver": "receiver",
        "Status": "status",
        "Alerts": "alerts",
        "NotificationReason": "notification_reason",
        "GroupLabels": "groupLabels",
        "CommonLabels": "commonLabels",
        "CommonAnnotations": "commonAnnotations",
        "RouteLabels": "routeLabels",
        "ExternalURL": "externalURL",
    }


def notification_functions(now: Callable[[], float]) -> dict[str, Function]:
    """Return the functions of notification templates; `now` returns epoch seconds."""

    def since(moment: Time) -> Duration:
        return span(moment, time_of(now()))

    return {**_FUNCTIONS, "since": Function(since, (TIME,)), "now": Function(lambda: time_of(now()))}


def route_label_function(data: NotificationData) -> dict[str, Function]:
    """Return the function `routeLabels`, which gives the labels of the route of a notification."""
    return {ROUTE_LABELS: Function(lambda name: data.route_labels.get(name, ""), (STRING,))}


def _unescape_query(text: str) -> str:
    """The inverse of `urlquery`."""
    for start in _percent_signs(text):
        if not _is_hexadecimal(text[start + 1 : start + 3]):
            raise FunctionError(f'invalid URL escape "{text[start : start + 3]}"')
    return from_bytes(unquote_to_bytes(text.replace("+", " ")))


def _percent_signs(text: str) -> Iterable[int]:
    start = text.find("%")
    while start >= 0:
        yield start
        start = text.find("%", start + 1)


def _is_hexadecimal(digits: str) -> bool:
    return len(digits) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in digits)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FunctionError(f"unknown time zone {name}") from error


def _to_date(layout: str, text: str) -> Time:
    """Parse a date; Go's zero time for a text that does not fit."""
    try:
        return parse_time(layout, text)
    except FunctionError:
        return ZERO_TIME


def _decode_base64(text: str) -> str:
    """The inverse of `base64encode`: the alphabet for URLs, with padding; line breaks do not count."""
    written = text.replace("\r", "").replace("\n", "")
    match = _BASE64.match(written)
    end = match.end() if match else 0
    if end < len(written) or len(written) % 4:
        raise FunctionError(f"illegal base64 data at input byte {end}")
    return from_bytes(urlsafe_b64decode(written))


_FUNCTIONS: Final[Mapping[str, Function]] = {
    "toUpper": Function(upper, (STRING,)),
    "toLower": Function(lower, (STRING,)),
    "title": Function(lambda text: title(text, lower_rest=True), (STRING,)),
    "trimSpace": Function(str.strip, (STRING,)),
    "join": Function(lambda separator, texts: join_bounded(texts, separator), (STRING, STRINGS)),
    "match": Function(match, (STRING, STRING)),
    "safeHtml": Function(Html, (STRING,)),
    "safeUrl": Function(Url, (STRING,)),
    "urlUnescape": Function(_unescape_query, (STRING,)),
    "reReplaceAll": Function(replace_all, (STRING, STRING, STRING)),
    "stringSlice": Function(lambda *texts: StringList(texts), (STRING,), variadic=True),
    "date": Function(lambda layout, moment: moment.format(layout), (STRING, TIME)),
    "tz": Function(lambda name, moment: Time(moment.nanoseconds, _zone(name)), (STRING, TIME)),
    "humanizeDuration": Function(humanize_duration, (ANY,)),
    "toJson": Function(to_json, (ANY,)),
    "toDate": Function(_to_date, (STRING, STRING)),
    "mustToDate": Function(parse_time, (STRING, STRING)),
    "base64encode": Function(lambda text: urlsafe_b64encode(to_bytes(text)).decode(), (STRING,)),
    "base64decode": Function(_decode_base64, (STRING,)),
    "list": Function(make_list, (ANY,), variadic=True),
    "append": Function(append, (ITEMS, ANY), variadic=True),
    "dict": Function(make_dict, (ANY,), variadic=True),
}

FUNCTION_NAMES: Final = frozenset({*_FUNCTIONS, "since", "now", ROUTE_LABELS})
