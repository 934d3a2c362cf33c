"""Decoding of what is posted to API v2.

As in Alertmanager there are three ways to be wrong: of the wrong type, which refuses the whole request with
400; against the schema (422), where something that is required is missing for example, the whole request too;
and an alert that makes no sense, which costs itself only.

Source: api/v2/openapi.yaml and api/v2/api.go of github.com/prometheus/alertmanager.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from exporter.alerting.silences import Silence
from exporter.config.alertmanager.matchers import InvalidMatcherError, make_matcher
from exporter.model.alert import Alert
from exporter.model.labels import Annotations, Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.time_slice import TimeSlice
from exporter.web.api_v2.reply import RefusedError
from exporter.web.api_v2.times import read_moment
from exporter.web.api_v2.uri import is_uri

UNPROCESSABLE: Final = 422

_OPS: Final = {
    (True, False): MatchOp.EQUAL,
    (False, False): MatchOp.NOT_EQUAL,
    (True, True): MatchOp.REGEX,
    (False, True): MatchOp.NOT_REGEX,
}
_KINDS: Final = {str: "a text", bool: "true or false", list: "a list", dict: "an object"}


async def decode_alerts(data: Any) -> Sequence[Alert]:
    """Decode `postableAlerts`; times that are not given are 0.

    Raises `RefusedError` where the request as a whole is wrong; single alerts are checked by `fault_of`.
    """
    if data is None:
        raise RefusedError("alerts in body is required", UNPROCESSABLE)
    if not isinstance(data, list):
        raise RefusedError("the body must be a list of alerts")
    alerts = [decode_alert(one) async for one in TimeSlice().each(data)]
    async for alert, one in TimeSlice().each(list(zip(alerts, data, strict=True))):
        if one.get("labels") is None:
            raise RefusedError("labels in body is required", UNPROCESSABLE)
        if alert.generator_url and not is_uri(alert.generator_url):
            raise RefusedError("generatorURL in body must be of type uri", UNPROCESSABLE)
    return alerts


def decode_alert(data: Any) -> Alert:
    """Decode a `postableAlert`, checking types only; raises `RefusedError`."""
    fields = _object(data, "an alert")
    return Alert(
        Labels(_texts(fields, "labels")),
        Annotations(_texts(fields, "annotations")),
        _moment(fields, "startsAt"),
        _moment(fields, "endsAt"),
        _field(fields, "generatorURL", str, ""),
    )


def fault_of(alert: Alert, now: float, resolve_timeout_seconds: float) -> str:
    """Return the error of an alert; empty where there is none."""
    if not alert.labels:
        return "an alert needs at least one label"
    for what, pairs in (("labels", alert.labels), ("annotations", alert.annotations)):
        if any(not name or not (_is_utf8(name) and _is_utf8(text)) for name, text in pairs):
            return f"{what}: must be names with texts, in UTF-8"
    starts_at = alert.starts_at or alert.ends_at or now
    ends_at = alert.ends_at or now + resolve_timeout_seconds
    return "startsAt must be before endsAt" if ends_at < starts_at else ""


def decode_silence(data: Any) -> Silence:
    """Decode a `postableSilence`; raises `RefusedError`."""
    if data is None:
        raise RefusedError("silence in body is required", UNPROCESSABLE)
    fields = _object(data, "a silence")
    written = [_object(one, "a matcher") for one in _field(fields, "matchers", list, []) if one is not None]
    matchers = [_parts(one) for one in written]
    silence = Silence(
        id=_field(fields, "id", str, ""),
        matchers=(),
        starts_at=_moment(fields, "startsAt"),
        ends_at=_moment(fields, "endsAt"),
        created_by=_field(fields, "createdBy", str, ""),
        comment=_field(fields, "comment", str, ""),
        annotations=Annotations(_texts(fields, "annotations")),
    )
    _require(fields, "matchers", "startsAt", "endsAt", "createdBy", "comment")
    for one in written:
        _require(one, "name", "value", "isRegex")
    if not matchers:
        raise RefusedError("matchers in body should have at least 1 items", UNPROCESSABLE)
    return replace(silence, matchers=tuple(_matcher(*parts) for parts in matchers))


def _parts(fields: Mapping[str, Any]) -> tuple[str, MatchOp, str]:
    """Name, operator and value of a matcher."""
    op = _OPS[(_field(fields, "isEqual", bool, True), _field(fields, "isRegex", bool, False))]
    return _field(fields, "name", str, ""), op, _field(fields, "value", str, "")


def _matcher(name: str, op: MatchOp, value: str) -> Matcher:
    if not (_is_utf8(name) and _is_utf8(value)):
        raise RefusedError("a matcher must be UTF-8")
    try:
        return make_matcher(name, op, value)
    except InvalidMatcherError as error:
        raise RefusedError(f"the matcher of {name}: {error}") from error


def _require(fields: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if fields.get(name) is None:
            raise RefusedError(f"{name} in body is required", UNPROCESSABLE)


def _texts(fields: Mapping[str, Any], name: str) -> dict[str, str]:
    pairs = _field(fields, name, dict, {})
    for text in pairs.values():
        if text is not None and not isinstance(text, str):
            raise RefusedError(f"{name}: must be names with texts")
    return {key: text or "" for key, text in pairs.items()}


def _moment(fields: Mapping[str, Any], name: str) -> float:
    text = fields.get(name)
    if text is None:
        return 0.0
    if not isinstance(text, str):
        raise RefusedError(f"{name} must be a text")
    try:
        return read_moment(text)
    except ValueError:
        raise RefusedError(f"{name}: {text[:64]!a} is not a time such as 2026-01-31T12:00:00Z") from None


def _object(data: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise RefusedError(f"{what} must be an object")
    return data


def _field(fields: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise RefusedError(f"{name} must be {_KINDS[kind]}")
    if isinstance(value, str) and not _is_utf8(value):
        raise RefusedError(f"{name} must be UTF-8")
    return value


def _is_utf8(text: str) -> bool:
    """Whether a text is one that can be written: JSON can hold half characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
