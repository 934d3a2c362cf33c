"""Figures as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.charts import Unit, format_tick, format_value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, Unit.BYTES, "0 B"),
        (1023, Unit.BYTES, "1,023 B"),
        (1024, Unit.BYTES, "1 KiB"),
        (6.4e9, Unit.BYTES, "5.96 GiB"),
        (2**30 - 1, Unit.BYTES, "1.00 GiB"),
        (3e6, Unit.BYTES_PER_SECOND, "2.86 MiB/s"),
        (4120, Unit.COUNT, "4,120"),
        (18_400, Unit.COUNT, "18.4 k"),
        (0.5, Unit.PER_SECOND, "0.50/s"),
        (212.4, Unit.PER_SECOND, "212/s"),
        (0.0019, Unit.SECONDS, "1.90 ms"),
        (38, Unit.SECONDS, "38 s"),
        (2820, Unit.SECONDS, "47 min"),
        (9_720, Unit.SECONDS, "2.70 h"),
        (-3, Unit.SECONDS, "−3 s"),
        (0.991, Unit.RATIO, "99.1 %"),
        (1, Unit.RATIO, "100 %"),
        (None, Unit.COUNT, "–"),
        (math.nan, Unit.BYTES, "–"),
        (math.inf, Unit.SECONDS, "∞"),
    ],
)
def test_three_digits_that_count(value: float | None, unit: Unit, text: str) -> None:
    assert format_value(value, unit).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, Unit.BYTES, "0"),
        (2**31, Unit.BYTES, "2 GiB"),
        (0.5, Unit.RATIO, "50 %"),
        (0.925, Unit.RATIO, "92.5 %"),
        (20_000, Unit.COUNT, "20 k"),
        (0.001, Unit.SECONDS, "1 ms"),
        (0.5, Unit.PER_SECOND, "0.5/s"),
        (1.5 * 2**20, Unit.BYTES_PER_SECOND, "1.5 MiB/s"),
        (1.5e-7, Unit.PER_SECOND, "1.5e-07/s"),
    ],
)
def test_an_axis_has_no_zeros_behind_the_point(value: float, unit: Unit, text: str) -> None:
    assert format_tick(value, unit).replace("\u00a0", " ") == text


@given(st.floats(), st.sampled_from(list(Unit)))
def test_every_number_has_a_short_text(value: float, unit: Unit) -> None:
    text = format_value(value, unit)
    assert text
    assert abs(value) > 1e15 or len(text) < 24
