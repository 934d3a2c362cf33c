"""Order of the alerts of a notification."""

from collections.abc import Sequence

from exporter.model.alert import Alert

_FIRST_BY = ("job", "instance")


def sort_alerts(alerts: Sequence[Alert]) -> list[Alert]:
    """Sort by job, then instance (those without come last), then fewer labels, then label by label.

    Of two that differ in a name, the one that lacks the alphabetically first name comes first. Source:
    `AlertSlice.Less` of github.com/prometheus/alertmanager, `LabelSet.Before` of prometheus/common.
    """
    if len(alerts) < 2:
        return list(alerts)
    names = sorted({name for alert in alerts for name, _ in alert.labels}, reverse=True)
    rank = {name: position for position, name in enumerate(names)}

    def key(alert: Alert) -> tuple[object, ...]:
        labels = alert.labels
        leading = [(name not in labels, labels.get(name)) for name in _FIRST_BY]
        return (*leading, len(labels), [(rank[name], value) for name, value in labels])

    return sorted(alerts, key=key)
