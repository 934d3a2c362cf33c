"""What a sender wrote goes on as it was: empty annotations, times to the nanosecond and in their zone."""

from typing import Any

from exporter.gotemplate.encoding import to_plain
from exporter.model.alert import Alert
from exporter.model.labels import Annotations, Labels
from exporter.model.moment import Moment
from exporter.notify.data import notification_data
from exporter.notify.notification import Notification


def plain(*alerts: Alert) -> dict[str, Any]:
    told = Notification("hook", "{}", Labels(), alerts, "http://vigil", 2e9)
    data = to_plain(notification_data(told))
    assert isinstance(data, dict)
    return data


def alert(name: str, annotations: dict[str, str], starts_at: float = 1.0) -> Alert:
    return Alert(Labels({"alertname": name, "empty": ""}), Annotations(annotations), starts_at)


def test_annotations_may_be_empty_and_labels_not() -> None:
    data = plain(alert("a", {"runbook": "", "summary": "s"}))
    (only,) = data["alerts"]
    assert only["annotations"] == {"runbook": "", "summary": "s"}
    assert only["labels"] == {"alertname": "a"}
    assert data["commonAnnotations"] == {"runbook": "", "summary": "s"}


def test_common_annotations() -> None:
    both = alert("a", {"e": "", "s": "s", "x": "1"}), alert("b", {"e": "", "s": "s", "x": "2"})
    assert plain(*both)["commonAnnotations"] == {"e": "", "s": "s"}
    # As in Alertmanager, to lack one is to have it empty.
    assert plain(alert("a", {"e": ""}), alert("b", {}))["commonAnnotations"] == {"e": ""}
    assert plain(alert("a", {}), alert("b", {"e": ""}))["commonAnnotations"] == {}


def test_times_as_written() -> None:
    moment = Moment(1_764_295_200_123_456_789, 19_800)
    (only,) = plain(alert("a", {}, moment))["alerts"]
    assert only["startsAt"] == "2025-11-28T07:30:00.123456789+05:30"
    west = Moment(1_764_295_200_000_000_000, -28_800)
    (only,) = plain(alert("a", {}, west + 0.5))["alerts"]
    assert only["startsAt"] == "2025-11-27T18:00:00.5-08:00"
