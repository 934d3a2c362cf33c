from exporter.samplers.slowlog.entries import Entry, parse_entries
from exporter.samplers.slowlog.pattern_stats import PatternStats


def entry(value: int, at: int = 0, client: str = "") -> Entry:
    return Entry(0, at, value, [b"GET", b"a"], client)


def add(stats: PatternStats, *names: str) -> None:
    for name in names:
        stats.add(name, entry(10), is_new=True)


def test_count_mean_maximum_and_last_client() -> None:
    stats = PatternStats(10, 1)
    stats.add("GET a", entry(10, 5, "1.1.1.1:1"), is_new=True)
    stats.add("GET a", entry(30, 7, "1.1.1.1:2"), is_new=True)
    stats.add("GET a", entry(20, 6, "1.1.1.1:3"), is_new=False)

    (found,) = stats.top(5)
    assert (found.count, found.before, found.total, found.longest) == (3, 1, 60, 30)
    assert (found.last_at, found.last_client) == (7, "1.1.1.1:2")


def test_the_pattern_that_took_most_time_comes_first() -> None:
    stats = PatternStats(10, 1)
    add(stats, "a", "b", "b", "c")

    assert [found.pattern for found in stats.top(2)] == ["b", "a"]


def test_recurring_are_those_that_came_more_often_than_allowed_since_the_start() -> None:
    stats = PatternStats(10, 2)
    add(stats, "a", "a", "a", "b", "b")
    for _ in range(5):
        stats.add("c", entry(1), is_new=False)

    assert [found.pattern for found in stats.recurring] == ["a"]


def test_the_rare_pattern_seen_longest_ago_makes_room() -> None:
    stats = PatternStats(3, 1)
    add(stats, "often", "often", "old", "new", "newer")

    assert {found.pattern for found in stats.top(9)} == {"often", "new", "newer", "other"}


def test_where_all_are_recurring_what_is_new_goes_to_other() -> None:
    stats = PatternStats(2, 1)
    add(stats, "a", "a", "b", "b", "c", "d")

    assert {found.pattern: found.count for found in stats.top(9)} == {"a": 2, "b": 2, "other": 2}


def test_patterns_that_turn_out_to_be_one() -> None:
    stats = PatternStats(10, 1)
    add(stats, "user:a", "user:b", "user:b", "else")
    stats.rename(["user:a", "user:b", "user:gone"], "user:{id}")

    assert {found.pattern: found.count for found in stats.top(9)} == {"user:{id}": 3, "else": 1}


def test_entries_that_are_none_are_passed_over() -> None:
    good = [7, 100, 15, [b"GET", b"a"], b"1.2.3.4:5", b"app"]

    entries = parse_entries(
        [good, None, [1], [b"x", 1, 2, []], [1, 2, 3, None], [8, 100, 15, [b"GET", 5]]], 9
    )

    assert entries == [Entry(7, 100, 15, [b"GET", b"a"], "1.2.3.4:5", "app"), Entry(8, 100, 15, [b"GET"])]
    assert parse_entries(None, 9) == []
