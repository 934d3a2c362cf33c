"""The order of the alerts of a notification is Alertmanager's."""

import random

from exporter.alerting.order import sort_alerts
from exporter.model.alert import Alert
from exporter.model.labels import Labels


def test_alerts_are_sorted_by_job_then_instance_then_their_labels() -> None:
    expected = [
        {"job": "a", "instance": "1", "x": "1"},
        {"job": "a", "instance": "2"},
        {"job": "a"},
        {"job": "b"},
        {"instance": "1"},
        {"z": "1"},
        {"z": "2"},
        {"a": "1"},
        {"a": "1", "b": "1"},
        {"a": "1", "b": "2"},
    ]
    alerts = [Alert(Labels(labels)) for labels in expected]
    shuffled = list(alerts)
    random.Random(1).shuffle(shuffled)
    assert [one.labels.as_dict() for one in sort_alerts(shuffled)] == [one.labels.as_dict() for one in alerts]
