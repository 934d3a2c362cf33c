"""Entries of a slow log as several makes tell them."""

from typing import Any

import pytest

from exporter.samplers.slowlog.entries import Entry, parse_entries

ZADD = [b"zadd", b"board", b"1", b"a"]


@pytest.mark.parametrize(
    ("fields", "entry"),
    [
        # Redis before 4.0, since 4.0, since 8.10.
        ([3, 1700, 26000, ZADD], Entry(3, 1700, 26000, ZADD)),
        ([3, 1700, 26000, ZADD, b"1.2.3.4:5", b"web"], Entry(3, 1700, 26000, ZADD, "1.2.3.4:5", "web")),
        ([3, 1700, 26000, ZADD, b"1.2.3.4:5", b"web", 4], Entry(3, 1700, 26000, ZADD, "1.2.3.4:5", "web")),
        # Redis Enterprise and Redis Cloud.
        ([3, 1700, 26000, b"Complexity info: N:16", ZADD], Entry(3, 1700, 26000, ZADD)),
        (
            [3, 1700, 26000, b"N:16", ZADD, b"1.2.3.4:5", b"web"],
            Entry(3, 1700, 26000, ZADD, "1.2.3.4:5", "web"),
        ),
        ([3, 1700, 26000, b"", ZADD], Entry(3, 1700, 26000, ZADD)),
        # A proxy that tells numbers as texts.
        ([b"3", b"1700", b"26000", ZADD], Entry(3, 1700, 26000, ZADD)),
        # A command without arguments, and a client without a name.
        ([3, 1700, 26000, [], b"1.2.3.4:5", b""], Entry(3, 1700, 26000, [], "1.2.3.4:5", "")),
    ],
)
def test_an_entry(fields: list[Any], entry: Entry) -> None:
    assert parse_entries([fields], 9) == [entry]


def test_more_than_was_asked_for_is_not_read() -> None:
    assert len(parse_entries([[3, 1700, 26000, ZADD]] * 100, 9)) == 9


@pytest.mark.parametrize(
    "fields",
    [
        None,
        b"x",
        [],
        [3, 1700, 26000],
        [3, 1700, 26000, b"zadd"],
        [b"x", 1700, 26000, ZADD],
        [3, 1700, None, ZADD],
    ],
)
def test_what_is_no_entry_is_passed_over(fields: Any) -> None:
    assert parse_entries([fields, [4, 1701, 5, ZADD]], 9) == [Entry(4, 1701, 5, ZADD)]
    assert parse_entries(fields, 9) == []
