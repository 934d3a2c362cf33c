"""Which patterns are shown, and what the rest adds up to."""

import pytest

from exporter.keyspace.ranking import rank
from exporter.keyspace.report import KeyPatternReport, Spread


def pattern(
    name: str, keys: int, memory: int, error: float | None = 0.0, database: str = "db0"
) -> KeyPatternReport:
    return KeyPatternReport(
        database=database,
        pattern=name,
        keys=keys,
        keys_error_ratio=0.0,
        memory_bytes=memory,
        memory_error_ratio=error,
        mean_bytes=memory / keys,
        max_bytes=memory // 2,
        keys_without_ttl=keys // 2,
        keys_without_ttl_error_ratio=0.0,
        types={"string": keys},
        ttl_seconds=Spread({"10": 1, "+Inf": keys - keys // 2}, 5.0),
    )


def names(patterns: list[KeyPatternReport]) -> list[str]:
    return [one.pattern for one in patterns]


def test_the_most_memory_or_the_most_keys() -> None:
    many, large, small = pattern("many", 1000, 50), pattern("large", 2, 5000), pattern("small", 10, 60)
    assert names(rank([small, many, large], 2)) == ["large", "many", "other"]
    assert names(rank([small, many, large], 3)) == ["large", "small", "many"]


def test_what_is_left_over_is_summed_up_for_each_database() -> None:
    parts = [
        pattern("big", 100, 10_000),
        pattern("a", 10, 300, error=0.1),
        pattern("b", 20, 400, error=0.1),
        pattern("c", 5, 100, error=None, database="db1"),
    ]
    *_, other, other1 = rank(parts, 1)
    assert (other.keys, other.memory_bytes, other.max_bytes, other.patterns) == (30, 700, 200, 2)
    assert other.types == {"string": 30}
    assert other.keys_without_ttl == 15
    assert other.ttl_seconds.buckets == {"10": 2, "+Inf": 15}
    assert other.memory_error_ratio == pytest.approx((30**2 + 40**2) ** 0.5 / 700)
    assert (other1.database, other1.memory_error_ratio) == ("db1", None)


def test_places_are_kept_and_configured_patterns_come_first() -> None:
    parts = [pattern("a", 100, 1000), pattern("b", 99, 990), pattern("mine", 1, 1)]
    assert names(rank(parts, 1)) == ["a", "other"]
    assert names(rank(parts, 1, shown_before={("db0", "b")})) == ["b", "other"]
    assert names(rank(parts, 1, configured=["mine"])) == ["mine", "other"]
