"""Alerting's objects in the JSON of Alertmanager's API v2.

Source: api/v2/openapi.yaml and api/v2/compat.go of github.com/prometheus/alertmanager.
"""

from collections.abc import Sequence
from typing import Any, Final

from exporter.alerting.silences import Silence
from exporter.alerting.status import AlertStatus, AlertStatusState
from exporter.model.alert import Alert
from exporter.model.matcher import MatchOp
from exporter.web.api_v2.times import write_moment

# Thousands of silences of each of thousands of alerts would be gigabytes.
_MOST_IDS: Final = 100


def encode_alert(
    alert: Alert, status: AlertStatus, receivers: Sequence[str], muted_by: Sequence[str] = ()
) -> dict[str, Any]:
    """Encode a `gettableAlert`, with the hundred oldest of the silences that hold at most."""
    encoded: dict[str, Any] = {
        "annotations": alert.annotations.as_dict(),
        "endsAt": write_moment(alert.ends_at),
        "fingerprint": alert.fingerprint,
        "receivers": [{"name": name} for name in receivers],
        "startsAt": write_moment(alert.starts_at),
        "status": {
            "inhibitedBy": list(status.inhibited_by),
            "mutedBy": list(muted_by),
            "silencedBy": list(status.silenced_by[:_MOST_IDS]),
            "state": AlertStatusState.SUPPRESSED if muted_by else status.state,
        },
        "updatedAt": write_moment(alert.updated_at),
        "labels": alert.labels.as_dict(),
    }
    if alert.generator_url:
        encoded["generatorURL"] = alert.generator_url
    return encoded


def encode_silence(silence: Silence, now: float) -> dict[str, Any]:
    """Encode a `gettableSilence`."""
    encoded = {
        "id": silence.id,
        "status": {"state": silence.state(now)},
        "updatedAt": write_moment(silence.updated_at),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": write_moment(silence.ends_at, utc=True),
        "matchers": [
            {
                "isEqual": matcher.op in (MatchOp.EQUAL, MatchOp.REGEX),
                "isRegex": matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX),
                "name": matcher.name,
                "value": matcher.value,
            }
            for matcher in silence.matchers
        ],
        "startsAt": write_moment(silence.starts_at, utc=True),
    }
    if silence.annotations:
        encoded["annotations"] = silence.annotations.as_dict()
    return encoded
