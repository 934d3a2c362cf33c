"""Texts of alerts stay true when thresholds and times of their rules are set: they repeat neither."""

import re

import pytest

from exporter.rules.load import load_rule_files
from exporter.rules.model import AlertSpec
from exporter.rules.tailoring import thresholds_of
from exporter.shipped import shipped_rules

_ALERTS = [
    rule
    for file in load_rule_files(shipped_rules())
    for group in file.groups
    for rule in group.rules
    if isinstance(rule, AlertSpec)
]
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)?)(?: (%|seconds?|minutes?|hours?|days?))?(?!\w)")
_WORDS = {
    "half": 0.5,
    "twice": 2,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "tenth": 0.1,
    "ten": 10,
    "quarter": 0.25,
    "hundred": 100,
    "thousand": 1000,
}
# Ranges, which rules have in common with those that record for them.
_WINDOW = re.compile(r"(?:last|within) \d+ (?:minutes|hours)")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
# As many slots as there are.
_NO_THRESHOLD = {("RedisClusterSlotsUnassigned", 16384.0)}


def said(text: str) -> set[float]:
    """The numbers that a text repeats in words or digits, in seconds and parts of one."""
    plain = _WINDOW.sub("", _ACTION.sub("", text))
    found = {float(number) for word, number in _WORDS.items() if re.search(rf"\b{word}\b", plain)}
    for digits, unit in _NUMBER.findall(plain):
        number = float(digits.replace(",", ""))
        unit = unit.rstrip("s")
        found.add(number / 100 if unit == "%" else number * _SECONDS.get(unit, 1))
    return found


def test_the_search_finds_numbers() -> None:
    assert said("More than 85 % for 5 minutes, or 1,000 {{ 7 }} jobs within 9 minutes, half of them") == {
        0.85,
        300,
        1000,
        0.5,
    }


@pytest.mark.parametrize("alert", _ALERTS, ids=lambda alert: alert.name)
def test_no_text_repeats_what_can_be_set(alert: AlertSpec) -> None:
    settable = {one.number for one in thresholds_of(alert).by_name.values()} - {0.0, 1.0}
    waits = {alert.for_ms / 1000, alert.keep_firing_for_ms / 1000} - {0.0}
    texts = {name: text for name, text in alert.annotation_texts if name in ("summary", "description")}
    for text in texts.values():
        repeated = said(text) & (settable | waits)
        assert {number for number in repeated if (alert.name, number) not in _NO_THRESHOLD} == set()
