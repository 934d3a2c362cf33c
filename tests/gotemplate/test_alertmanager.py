"""Functions and data of notification templates that Debian's Alertmanager is too old for."""

import json

import pytest

from exporter.errors import TemplateError
from exporter.gotemplate.alertmanager import KV, Pairs
from tests.gotemplate.amtool import render, sample_data


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("{{ .GroupLabels }}", "alertname=Down"),
        (
            "{{ (index .Alerts 0).Annotations.SortedPairs }}",
            "runbook=https://r.example/?a=1&b=2, summary=a:1 is firing",
        ),
        ("{{ trimSpace `  a b \n` }}|", "a b|"),
        ("{{ urlUnescape `a%20b+c%C3%A9` }}", "a b cé"),
        ("{{ date `2006-01-02` (index .Alerts 0).StartsAt }}", "2024-01-02"),
        ("{{ (index .Alerts 0).StartsAt | tz `Europe/Berlin` | date `15:04 MST` }}", "04:04 CET"),
        ("{{ since (index .Alerts 0).StartsAt }}", "54.322s"),
        ("{{ since (index .Alerts 0).StartsAt | humanizeDuration }}", "54.32s"),
        ("{{ humanizeDuration 3600 }}", "1h 0m 0s"),
        ('{{ toJson (stringSlice "<a>&" "é\\n") }}', '["\\u003ca\\u003e\\u0026","é\\n"]'),
        (
            "{{ toJson 1.0 }} {{ toJson 1.5 }} {{ toJson nil }} {{ toJson true }} {{ toJson `a` }}",
            '1 1.5 null true "a"',
        ),
        ("{{ toJson .GroupLabels }}", '{"alertname":"Down"}'),
    ],
)
def test_functions_since_0_26(text: str, outcome: str) -> None:
    assert render(text) == outcome


def test_safe_address_passes_the_filter() -> None:
    assert render('<a href="{{ safeUrl `tel:1?a=é&b` }}">', html=True) == '<a href="tel:1?a=%c3%a9&amp;b">'


def test_data_as_json() -> None:
    data = json.loads(render("{{ toJson . }}"))
    assert list(data) == [
        "receiver",
        "status",
        "alerts",
        "notification_reason",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "routeLabels",
        "externalURL",
    ]
    assert data["alerts"][0] == {
        "status": "firing",
        "labels": dict(sorted(sample_data().alerts[0].labels.items())),
        "annotations": dict(sorted(sample_data().alerts[0].annotations.items())),
        "startsAt": "2024-01-02T03:04:05.678Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://p.example/graph?g0.expr=up&g0.tab=1",
        "fingerprint": "00ff",
    }


@pytest.mark.parametrize(
    "text", ["{{ toJson since }}", "{{ toJson 1e309 }}", "{{ join `,` `a` }}", "{{ .Alerts.Names }}"]
)
def test_a_template_that_go_refuses_fails(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text)


def test_name_of_the_alert_comes_first() -> None:
    pairs = KV({"z": "1", "alertname": "A", "B": "2", "a": "3"}).sorted_pairs()
    assert pairs.names() == ["alertname", "B", "a", "z"]
    assert pairs.values() == ["A", "2", "3", "1"]
    assert str(Pairs()) == ""
