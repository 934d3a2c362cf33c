"""Which numbers of a rule can be set, under which name and in which unit."""

import re
from typing import Any

import pytest

from exporter.rules.tailoring import thresholds_of
from exporter.rules.tailoring.units import parse_number, tell_number
from tests.rules.tailoring.wanted import alerts_of, rule_file


def told(expr: str, **more: Any) -> dict[str, str]:
    """The thresholds of a rule, and the parts of its text that they are."""
    (spec,) = alerts_of([rule_file(expr, **more)])
    return {
        name: " ".join([one.op, *(spec.query[span.start : span.end] for span in one.spans), one.unit]).strip()
        for name, one in thresholds_of(spec).by_name.items()
    }


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("m > 5", {"": "> 5"}),
        ("5 < m", {"": "> 5"}),
        ("m_bytes > 10 * 1024 * 1024", {"": "> 10 * 1024 * 1024 bytes"}),
        ("m_seconds > 5m", {"": "> 5m seconds"}),
        ("a:b:ratio < -(0.5)", {"": "< -(0.5) ratio"}),
        ("(m unless on (a) n > 2) >= 3", {"": ">= 3"}),
        ("m > 0 or n > 0", {"": "> 0 0"}),
        ("m == 0 or n > 1", {"": "> 1"}),
        ("m and on (a) n > 7", {"": "> 7"}),
        ("label_replace(m > 5, 'a', 'b', '', '')", {"": "> 5"}),
        ("m > 5 # threshold size in bytes: of it", {"size": "> 5 bytes"}),
        ("m > 5 # threshold", {"": "> 5"}),
        ("m # threshold\n > 5 # not this one", {"": "> 5"}),
        ("m > 5\nand n > 1.5 * o # threshold more in times", {"": "> 5", "more": "> 1.5 times"}),
        ("predict_linear(m[1h], 4 * 3600) # threshold ahead in seconds\n> n", {"ahead": "4 * 3600 seconds"}),
        ("m > 5 # threshold x\nor n > 5 # threshold x", {"x": "> 5 5"}),
        ("m{a='# threshold'} > 5", {"": "> 5"}),
        ("m > 5 # thresholds are fine", {"": "> 5"}),
    ],
)
def test_numbers_that_can_be_set(expr: str, expected: dict[str, str]) -> None:
    assert told(expr) == expected


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("m == 0", "it asks for a state (== 0), which is no limit"),
        ("m > n", "it compares two series with each other"),
        ("m", "it compares with no number"),
        ("a:b", "it compares with no number; a:b may have one, in the rule that records it"),
        ("m > 1 or n > 2", "it has several: > 1, > 2"),
        ("count(m > 1) and n > 2", "it has several numbers: > 1, > 2"),
        ("m > 5 # threshold size", "it has several, each with a name"),
    ],
)
def test_why_a_rule_has_no_threshold_that_a_number_alone_sets(expr: str, reason: str) -> None:
    (spec,) = alerts_of([rule_file(expr)])
    found = thresholds_of(spec)
    assert (found.main, found.why_not) == (None, reason)


@pytest.mark.parametrize(
    ("summary", "unit"),
    [
        ("{{ $value | humanizePercentage }}", "ratio"),
        ("{{ $value | humanizeDuration }}", "seconds"),
        ("{{ $value | humanize1024 }}B", "bytes"),
        ("{{ $value }}", ""),
    ],
)
def test_the_unit_is_what_the_rule_prints_its_value_in(summary: str, unit: str) -> None:
    assert told("m > 5", annotations={"summary": summary}) == {"": f"> 5 {unit}".strip()}


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("0.8", "ratio", 0.8),
        ("80%", "ratio", 0.8),
        ("0.7 %", "ratio", 0.007),
        ("25%", "percent", 25),
        ("2GiB", "bytes", 2 << 30),
        ("1.5 mb", "bytes", 3 << 19),
        ("100MiB", "bytes per second", 100 << 20),
        ("1h30m", "seconds", 5400),
        ("100ms", "seconds", 0.1),
        ("2w", "days", 14),
        ("-3", "", -3),
        ("1e6", "jobs", 1e6),
        ("5", "seconds", 5),
    ],
)
def test_numbers_are_understood_with_their_unit(text: str, unit: str, number: float) -> None:
    assert parse_number(text, unit)[0] == number
    assert float(parse_number(text, unit)[1]) == number


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("80%", "jobs", '"80%" is a share, and the threshold is in jobs: write a number'),
        (
            "2GiB",
            "ratio",
            '"2GiB" is a size, and the threshold is in parts of one (0.8 or 80%): write a number',
        ),
        ("5m", "", '"5m" is a duration, and the threshold is a plain number: write a number'),
        ("much", "jobs", 'must be a number such as 0.8, 80%, 2GiB or 5s, not "much"'),
        ("nan", "", 'must be a number such as 0.8, 80%, 2GiB or 5s, not "nan"'),
        ("inf", "", 'must be a number such as 0.8, 80%, 2GiB or 5s, not "inf"'),
    ],
)
def test_numbers_in_another_unit_are_refused(text: str, unit: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_number(text, unit)


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0.85, "ratio", "85%"),
        (0.007, "ratio", "0.7%"),
        (1.2, "ratio", "120%"),
        (100 << 20, "bytes", "100MiB"),
        (1.5, "bytes", "1.5"),
        (0.1, "seconds", "100ms"),
        (5400, "seconds", "1h30m"),
        (0, "seconds", "0"),
        (1000, "jobs", "1000"),
    ],
)
def test_a_number_is_told_so_that_it_can_be_written(number: float, unit: str, text: str) -> None:
    assert tell_number(number, unit) == text
    assert parse_number(text, unit)[0] == number
