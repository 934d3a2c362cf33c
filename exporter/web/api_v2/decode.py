"""What is posted to API v2."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from exporter.alerting.silences import Silence
from exporter.config.alertmanager.matchers import InvalidMatcherError, make_matcher
from exporter.model.alert import Alert
from exporter.model.labels import Labels
from exporter.model.matcher import Matcher, MatchOp
from exporter.web.api_v2.reply import RefusedError

_GO_ZERO: Final = datetime(1, 1, 1, tzinfo=UTC)
_LAST_YEAR: Final = 9000
_OPS: Final = {
    (True, False): MatchOp.EQUAL,
    (False, False): MatchOp.NOT_EQUAL,
    (True, True): MatchOp.REGEX,
    (False, True): MatchOp.NOT_REGEX,
}
_KINDS: Final = {str: "a text", bool: "true or false", list: "a list", dict: "an object"}


def decode_alert(data: Any) -> Alert:
    """A `postableAlert`; times that are not given are 0. Raises `RefusedError`."""
    fields = _object(data, "an alert")
    labels = _labels(fields, "labels")
    if not labels:
        raise RefusedError("an alert needs at least one label")
    alert = Alert(
        labels,
        _labels(fields, "annotations"),
        _moment(fields, "startsAt"),
        _moment(fields, "endsAt"),
        _field(fields, "generatorURL", str, ""),
    )
    if alert.ends_at and alert.ends_at < alert.starts_at:
        raise RefusedError("startsAt must be before endsAt")
    return alert


def decode_silence(data: Any) -> Silence:
    """A `postableSilence`; raises `RefusedError`."""
    fields = _object(data, "a silence")
    for name in ("matchers", "startsAt", "endsAt", "createdBy", "comment"):
        if fields.get(name) is None:
            raise RefusedError(f"{name} is required")
    return Silence(
        id=_field(fields, "id", str, ""),
        matchers=tuple(_matcher(one) for one in _field(fields, "matchers", list, [])),
        starts_at=_moment(fields, "startsAt"),
        ends_at=_moment(fields, "endsAt"),
        created_by=_field(fields, "createdBy", str, ""),
        comment=_field(fields, "comment", str, ""),
    )


def _matcher(data: Any) -> Matcher:
    fields = _object(data, "a matcher")
    name = _field(fields, "name", str, "")
    op = _OPS[(_field(fields, "isEqual", bool, True), _field(fields, "isRegex", bool, False))]
    try:
        return make_matcher(name, op, _field(fields, "value", str, ""))
    except InvalidMatcherError as error:
        raise RefusedError(f"the matcher of {name}: {error}") from error


def _labels(fields: Mapping[str, Any], name: str) -> Labels:
    pairs = _field(fields, name, dict, {})
    for key, value in pairs.items():
        if not key or not isinstance(value, str) or not (_is_utf8(key) and _is_utf8(value)):
            raise RefusedError(f"{name}: must be names with texts, in UTF-8")
    return Labels(pairs)


def _moment(fields: Mapping[str, Any], name: str) -> float:
    text = _field(fields, name, str, "")
    if not text:
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(f'{name}: "{text}" is not a time such as 2026-01-31T12:00:00Z') from None
    if moment.tzinfo is None:
        raise RefusedError(f'{name}: "{text}" lacks its time zone, such as Z')
    if moment.year > _LAST_YEAR:
        raise RefusedError(f"{name}: must be before the year {_LAST_YEAR + 1}")
    return 0.0 if moment <= _GO_ZERO else moment.timestamp()


def _object(data: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise RefusedError(f"{what} must be an object")
    return data


def _field(fields: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    value = fields.get(name)
    if value is None:
        return default
    if isinstance(value, str) and not _is_utf8(value):
        raise RefusedError(f"{name} must be UTF-8")
    if not isinstance(value, kind):
        raise RefusedError(f"{name} must be {_KINDS[kind]}")
    return value


def _is_utf8(text: str) -> bool:
    """Whether a text is one that can be written: JSON can hold half characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
