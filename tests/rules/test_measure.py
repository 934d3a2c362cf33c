"""Values against limits: told only where the expression leaves no doubt."""

import math

import pytest

from exporter.promql import parse
from exporter.rules.measure import measure_of
from exporter.rules.model import AlertSpec
from exporter.rules.texts import parse_text

PERCENT = "uses {{ $value | humanizePercentage }} of it"


def told(expression: str, value: float, annotation: str = "") -> str:
    spec = AlertSpec(
        "A", parse(expression), expression, annotations=(parse_text("summary", annotation, "A"),)
    )
    measure = measure_of(spec)
    return measure.tell(value) if measure else "nothing"


@pytest.mark.parametrize(
    ("expression", "value", "annotation", "expected"),
    [
        ("a:ratio > 0.85", 0.912, PERCENT, "91.2% (limit 85%)"),
        ("a:ratio < 0.7", 0.55, PERCENT, "55% (minimum 70%)"),
        ("(a >= 5)", 7, "{{ $value }} times", "7 (limit 5)"),
        ("5 < a", 7, "", "7 (limit 5)"),
        ("a > 2 * 3 ^ 2 - -2", 21, "", "21 (limit 20)"),
        ("a > 100 * 1024 * 1024", 1 << 30, "{{ $value | humanize1024 }}B", "1GiB (limit 100MiB)"),
        ("time() - a > 24 * 3600", 90_000, "{{$value|humanizeDuration}}", "1d 1h (limit 1d)"),
        ("a > 0.85 and on (b) c < 0.98", 0.9, PERCENT, "90% (limit 85%)"),
        ("a > 300 unless b == 0", 301, "", "301 (limit 300)"),
        ("a > 3 or b > 3", 4, "", "4 (limit 3)"),
        ("a > 1000", 54_321, "", "54,321 (limit 1,000)"),
        ("increase(a[5m]) > 5", 7.028, '{{ printf "%.0f" $value }} times', "7 (limit 5)"),
        ("increase(a[5m]) > 10", 10.17, '{{ printf "%.0f" $value }} times', "10.17 (limit 10)"),
        ("a < 16384", 16_200.0, "", "16,200 (minimum 16,384)"),
        ("a < 5", 0.25, "", "0.25 (minimum 5)"),
        ("a > 1e6", 1.5e6, "", "1.5M (limit 1M)"),
        # Two units: neither is taken for granted.
        ("a > 60", 61, PERCENT + " {{ $value | humanizeDuration }}", "61 (limit 60)"),
    ],
)
def test_a_value_is_shown_beside_its_threshold(
    expression: str, value: float, annotation: str, expected: str
) -> None:
    assert told(expression, value, annotation) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "a == 0",
        "a > 0",
        "a > 0.5",
        "a != 1",
        "vector(1)",
        "a > b",
        "a > (b > 5)",
        "a > bool 5",
        "count(a > 5)",
        "100 * (a > 5)",
        "a > 5 or b > 6",
        "b and a > 5",
        "a > 1 / 0",
        "a > scalar(b)",
    ],
)
def test_a_value_without_a_clear_threshold_is_shown_alone(expression: str) -> None:
    assert told(expression, 7) == "nothing"


def test_what_is_no_number_is_not_told() -> None:
    assert told("a > 5", math.inf) == ""
