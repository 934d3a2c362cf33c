"""Moments as the frameworks write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.queues.timestamps import at_path, parse_epoch, parse_iso, parse_moment, parse_number


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (1_700_000_000, "auto", 1_700_000_000),
        (1_700_000_000.25, "auto", 1_700_000_000.25),
        (1_700_000_000_123, "auto", 1_700_000_000.123),
        ("1700000000123", "milliseconds", 1_700_000_000.123),
        ("2023-11-14T22:13:20Z", "iso", 1_700_000_000),
        ("2023-11-14T22:13:20.500+01:00", "auto", 1_699_996_400.5),
        # Without a zone it is UTC: what RQ writes.
        ("2023-11-14 22:13:20", "iso", 1_700_000_000),
        (b"2023-11-14T22:13:20Z", "auto", 1_700_000_000),
        (1_700_000_000_123, "seconds", None),
        (True, "auto", None),
        (None, "auto", None),
        ("", "auto", None),
        ("soon", "auto", None),
        ([], "iso", None),
        ("0001-01-01T00:00:00+14:00", "iso", None),
        (float("nan"), "auto", None),
        (10**400, "auto", None),
    ],
)
def test_a_moment_is_read_in_its_form(value: object, form: str, expected: float | None) -> None:
    assert parse_moment(value, form) == pytest.approx(expected)


def test_the_unit_shows_by_the_size() -> None:
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        assert parse_epoch(1_700_000_000 * unit) == pytest.approx(1_700_000_000)


@given(st.one_of(st.text(), st.binary(), st.integers(), st.floats(), st.none(), st.lists(st.integers())))
def test_nothing_is_too_strange(value: object) -> None:
    for parse in (parse_epoch, parse_iso, lambda given: parse_number(given, 1e-3)):
        found = parse(value)
        assert found is None or 1e9 <= found < 1e10


def test_a_path_leads_into_nested_objects() -> None:
    assert at_path({"meta": {"createdAt": 5}}, "meta.createdAt") == 5
    assert at_path({"meta": 1}, "meta.createdAt") is None
    assert at_path({}, "a") is None
