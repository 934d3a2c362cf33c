"""Repeated alerts are merged, resolved ones are dropped after a while."""

from exporter.alerting.alert_provider import RESOLVED_RETENTION_SECONDS, AlertProvider, merge
from exporter.model.alert import Alert
from exporter.model.labels import Labels

DOWN = Labels({"alertname": "Down"})


def alert(
    starts_at: float, ends_at: float, updated_at: float, *, timeout: bool = False, text: str = ""
) -> Alert:
    return Alert(DOWN, Labels({"text": text}), starts_at, ends_at, "", updated_at, timeout)


def test_the_earlier_start_and_the_younger_text_win() -> None:
    old, new = alert(10, 100, 10, text="old"), alert(20, 110, 20, text="new")
    for merged in (merge(old, new), merge(new, old)):
        assert (merged.starts_at, merged.ends_at, merged.annotations.get("text")) == (10, 110, "new")


def test_a_stated_end_rules_over_an_assumed_one() -> None:
    assert merge(alert(10, 300, 10, timeout=True), alert(10, 100, 20)).ends_at == 100
    assert merge(alert(10, 300, 10), alert(10, 100, 20, timeout=True)).ends_at == 300


def test_a_resolve_rules_over_a_later_end_that_was_only_announced() -> None:
    assert merge(alert(10, 300, 10), alert(10, 20, 20)).ends_at == 20


def test_of_two_ends_in_the_past_the_later_counts() -> None:
    assert merge(alert(10, 50, 60), alert(10, 40, 70)).ends_at == 50


def test_a_new_firing_after_the_end_is_not_merged() -> None:
    alerts = AlertProvider(limit=10)
    alerts.put(alert(10, 20, 20))
    kept = alerts.put(alert(30, 100, 30))
    assert kept is not None
    assert kept.starts_at == 30


def test_overlapping_reports_are_merged() -> None:
    alerts = AlertProvider(limit=10)
    alerts.put(alert(10, 100, 10))
    kept = alerts.put(alert(50, 120, 50))
    assert kept is not None
    assert (kept.starts_at, kept.ends_at) == (10, 120)


def test_beyond_the_limit_new_ones_are_refused_but_known_ones_go_on() -> None:
    alerts = AlertProvider(limit=1)
    alerts.put(alert(10, 100, 10))
    assert alerts.put(Alert(Labels({"alertname": "Other"}))) is None
    assert alerts.put(alert(10, 20, 20)) is not None
    assert len(alerts) == 1


def test_what_was_resolved_long_ago_and_nobody_waits_for_is_forgotten() -> None:
    alerts = AlertProvider(limit=10)
    alerts.put(alert(10, 20, 20))
    end = 20 + RESOLVED_RETENTION_SECONDS
    assert alerts.collect_garbage(end - 1, lambda _: False) == []
    assert alerts.collect_garbage(end, lambda _: True) == []
    assert alerts.collect_garbage(end, lambda _: False) == [DOWN]
    assert alerts.get(DOWN) is None
