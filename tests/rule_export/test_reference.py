"""docs/rules_reference.md: every shipped rule, as it is and as it can be set."""

import re
from pathlib import Path

import pytest

from exporter.config.document import Document, validate
from exporter.config.main import Config
from exporter.rule_export.reference import page
from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec
from exporter.rules.tailoring import tailor, thresholds_of
from exporter.shipped import shipped_rules

_PAGE = Path(__file__).parents[2] / "docs" / "rules_reference.md"
_FILES = load_rule_files(shipped_rules())
_ALERTS = [
    rule for file in _FILES for group in file.groups for rule in group.rules if isinstance(rule, AlertSpec)
]


def test_the_page_is_up_to_date() -> None:
    assert _PAGE.read_text() == page(), "run make docs"


def test_every_rule_is_on_it_with_its_runbook() -> None:
    text = page()
    for alert in _ALERTS:
        assert f"\n### {alert.name}\n" in text
        anchor = dict(alert.annotation_texts)["runbook_url"].partition("docs/")[2]
        assert f"[Runbook]({anchor})" in text


@pytest.mark.parametrize("line", re.findall(r"^rules: .*$", page(), re.MULTILINE))
def test_the_line_of_a_rule_says_what_holds_without_it(line: str) -> None:
    config = validate(Document.parse(line, "config.yml"), Config)
    (name,) = config.rules
    tailored = [
        rule
        for file in tailor(_FILES, config.rules)
        for group in file.groups
        for rule in group.rules
        if rule.name == name
    ]
    (before,) = [alert for alert in _ALERTS if alert.name == name]
    (after,) = tailored
    assert isinstance(after, AlertSpec)
    assert (after.for_ms, after.label_texts, after.annotation_texts) == (
        before.for_ms,
        before.label_texts,
        before.annotation_texts,
    )
    assert _numbers(after) == _numbers(before)


def _numbers(spec: AlertSpec) -> dict[str, float]:
    return {name: one.number for name, one in thresholds_of(spec).by_name.items()}


def test_nearly_all_rules_that_compare_with_a_limit_have_a_threshold() -> None:
    without = [alert for alert in _ALERTS if not thresholds_of(alert).by_name]
    # States (`== 0`), what is there at all, and one that compares two series.
    limits = [alert for alert in without if "state" not in thresholds_of(alert).why_not]
    assert {alert.name for alert in limits} == {"RedisReplicaLost", "RedisSentinelTilt", "VigilWatchdog"}
    assert len(without) < 0.25 * len(_ALERTS)
    assert all(thresholds_of(alert).main for alert in _ALERTS if alert not in without)
