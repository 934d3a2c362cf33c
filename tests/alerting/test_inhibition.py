"""Inhibition rules by themselves."""

from collections.abc import Mapping

from exporter.alerting.alert_provider import AlertProvider
from exporter.alerting.inhibition import HELD, Inhibitor
from exporter.config.alertmanager.inhibition import InhibitRule
from exporter.model.alert import Alert
from exporter.model.labels import Labels

NOW = 1000.0


def alert(ends_at: float = 2000.0, **labels: str) -> Alert:
    return Alert(Labels(labels), starts_at=500.0, ends_at=ends_at)


def inhibitor(rule: Mapping[str, object], *alerts: Alert, hold_until: float = 0.0) -> Inhibitor:
    store = AlertProvider(limit=100)
    for one in alerts:
        store.put(one)
    return Inhibitor([InhibitRule.model_validate(rule)], store, hold_until)


def fingerprint(one: Alert) -> str:
    return one.fingerprint


def test_equal_labels_must_be_equal_and_missing_on_both_sides_is() -> None:
    rule = {"source_matchers": ["s=1"], "target_matchers": ["t=1"], "equal": ["zone", "rack"]}
    source = alert(s="1", zone="a")
    one = inhibitor(rule, source)
    assert one.inhibitor_of(Labels({"t": "1", "zone": "a"}), NOW) == fingerprint(source)
    assert one.inhibitor_of(Labels({"t": "1", "zone": "b"}), NOW) is None
    assert one.inhibitor_of(Labels({"t": "1"}), NOW) is None
    assert one.inhibitor_of(Labels({"t": "1", "zone": "a", "rack": "1"}), NOW) is None
    assert one.inhibitor_of(Labels({"t": "2", "zone": "a"}), NOW) is None


def test_a_resolved_source_inhibits_nothing() -> None:
    rule = {"source_matchers": ["s=1"], "target_matchers": ["t=1"]}
    one = inhibitor(rule, alert(ends_at=NOW, s="1"))
    assert one.inhibitor_of(Labels({"t": "1"}), NOW) is None
    assert one.inhibitor_of(Labels({"t": "1"}), NOW - 1) is not None


def test_an_alert_on_both_sides_is_inhibited_by_pure_sources_only() -> None:
    rule = {"source_matchers": ["s=1"], "target_matchers": ["t=1"]}
    both, other_both, pure = alert(s="1", t="1", n="1"), alert(s="1", t="1", n="2"), alert(s="1", n="3")
    assert inhibitor(rule, both, other_both).inhibitor_of(both.labels, NOW) is None
    assert inhibitor(rule, both, pure).inhibitor_of(both.labels, NOW) == fingerprint(pure)
    # A target that is not a source is inhibited by any source.
    assert inhibitor(rule, both).inhibitor_of(Labels({"t": "1"}), NOW) == fingerprint(both)


def test_a_source_that_is_forgotten_inhibits_no_more() -> None:
    rule = {"source_matchers": ["s=1"], "target_matchers": ["t=1"]}
    source = alert(s="1")
    one = inhibitor(rule, source)
    one.remove(source.labels)
    one.remove(Labels({"s": "never seen"}))
    assert one.inhibitor_of(Labels({"t": "1"}), NOW) is None


def test_possible_targets_are_held_after_a_start() -> None:
    rule = {"source_matchers": ["s=1"], "target_matchers": ["t=1"]}
    one = inhibitor(rule, hold_until=NOW)
    assert one.inhibitor_of(Labels({"t": "1"}), NOW - 1) == HELD
    assert one.inhibitor_of(Labels({"t": "2"}), NOW - 1) is None
    assert one.inhibitor_of(Labels({"t": "1"}), NOW) is None


def test_deprecated_forms_are_anded_with_matchers() -> None:
    rule = {
        "source_match": {"a": "1"},
        "source_match_re": {"b": "x|y"},
        "source_matchers": ["c!=3"],
        "target_match": {"t": "1"},
    }
    target = Labels({"t": "1"})
    assert inhibitor(rule, alert(a="1", b="y")).inhibitor_of(target, NOW) is not None
    assert inhibitor(rule, alert(a="1", b="xy")).inhibitor_of(target, NOW) is None
    assert inhibitor(rule, alert(a="1", b="y", c="3")).inhibitor_of(target, NOW) is None


def test_a_rule_without_conditions_inhibits_nothing_by_itself() -> None:
    # Every alert matches both sides.
    assert inhibitor({}, alert(a="1"), alert(a="2")).inhibitor_of(Labels({"a": "1"}), NOW) is None
