"""Whatever is posted to API v2 is taken or refused; nothing else happens."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.alerting.silences import InvalidSilenceError, Silences
from exporter.alerting.status import AlertStatus
from exporter.web.api_v2.decode import decode_alert, decode_silence, fault_of
from exporter.web.api_v2.encode import encode_alert, encode_silence
from exporter.web.api_v2.reply import RefusedError

_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("2026-01-01T00:00:00Z")
)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=20,
)
_TIMES = st.one_of(
    _SCALARS, st.datetimes().map(lambda moment: moment.isoformat() + "Z"), st.just("0001-01-01T00:00:00.000Z")
)
_LABELS = st.one_of(_ANYTHING, st.dictionaries(st.text(), st.text(), max_size=5))
_ALERTS = st.one_of(
    _ANYTHING,
    st.fixed_dictionaries(
        {"labels": _LABELS},
        optional={"annotations": _LABELS, "startsAt": _TIMES, "endsAt": _TIMES, "generatorURL": _SCALARS},
    ),
)
_MATCHERS = st.lists(
    st.fixed_dictionaries(
        {"name": st.text(), "value": st.text(), "isRegex": st.booleans()}, optional={"isEqual": _SCALARS}
    ),
    max_size=3,
)
_SILENCES = st.one_of(
    _ANYTHING,
    st.fixed_dictionaries(
        {
            "matchers": st.one_of(_ANYTHING, _MATCHERS),
            "startsAt": _TIMES,
            "endsAt": _TIMES,
            "createdBy": _SCALARS,
            "comment": _SCALARS,
        }
    ),
)


@given(_ALERTS)
def test_any_json_is_an_alert_or_refused(data: Any) -> None:
    try:
        alert = decode_alert(data)
    except RefusedError:
        return
    if fault_of(alert, 1_700_000_000.0, 300.0):
        return
    assert len(alert.fingerprint) == 16
    assert encode_alert(alert, AlertStatus((), ()), [])["labels"]


@given(_SILENCES)
def test_any_json_is_a_silence_or_refused(data: Any) -> None:
    try:
        (kept,) = Silences(limit=10).put(decode_silence(data), 1_700_000_000.0)
    except (RefusedError, InvalidSilenceError):
        return
    assert encode_silence(kept, 1_700_000_000.0)["matchers"]
