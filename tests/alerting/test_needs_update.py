"""When a receiver is to be told."""

import pytest

from exporter.alerting.dedup_stage import needs_update
from exporter.alerting.nflog import LogEntry, LogKey, NotificationLog, expiry

KEY = LogKey("{}:{}", "hook", "webhook", 0)


def entry(firing: str = "", resolved: str = "", muted_firing: str = "", at: float = 1000.0) -> LogEntry:
    sets = [frozenset(map(ord, text)) for text in (firing, resolved, muted_firing)]
    return LogEntry(KEY, at, at + 1000, *sets)


@pytest.mark.parametrize(
    ("logged", "firing", "resolved", "send_resolved", "expected"),
    [
        # No entry: only if something fires.
        (None, "", "", True, False),
        (None, "a", "", True, True),
        (None, "a", "b", False, True),
        (None, "", "a", True, False),
        # A firing alert that is not logged as firing.
        (entry("a"), "ab", "", True, True),
        (entry("a", "b"), "ab", "", True, True),
        (entry("ab"), "a", "", True, False),
        # Nothing fires now.
        (entry("a"), "", "a", True, True),
        (entry("a"), "", "a", False, True),
        (entry("", "a"), "", "a", True, False),
        (entry("", "a"), "", "b", True, False),
        (entry("a"), "", "b", True, False),
        (entry("", "", "a"), "", "a", True, True),
        # Something fires and something has ended.
        (entry("ab"), "a", "b", True, True),
        (entry("ab"), "a", "b", False, False),
        (entry("a", "b"), "a", "b", True, False),
        (entry("a", "b"), "a", "bc", True, True),
        # Nothing is new: only the time counts.
        (entry("a", at=500.0), "a", "", True, False),
        (entry("a", at=499.0), "a", "", True, True),
        (entry("a", at=499.0), "a", "b", False, True),
        (entry("", "a", at=1.0), "", "a", True, False),
    ],
)
def test_a_receiver_is_notified_of_what_is_new_to_it_and_after_the_repeat_interval(
    logged: LogEntry | None, firing: str, resolved: str, send_resolved: bool, expected: bool
) -> None:
    reason = needs_update(
        logged,
        frozenset(map(ord, firing)),
        frozenset(map(ord, resolved)),
        notified_ends=frozenset(map(ord, resolved if send_resolved else "")),
        repeats_before=500.0,
    )
    assert (reason is not None) is expected


@pytest.mark.parametrize(
    ("logged", "firing", "resolved", "expected"),
    [
        (None, "a", "", "first notification"),
        (entry("", "a"), "a", "", "first notification"),
        (entry("a"), "ab", "", "new alerts added"),
        (entry("ab"), "a", "b", "some alerts resolved"),
        (entry("a"), "", "a", "all alerts resolved"),
        (entry("a", at=499.0), "a", "", "repeat interval elapsed"),
    ],
)
def test_the_reason_is_told_in_the_words_of_alertmanager(
    logged: LogEntry | None, firing: str, resolved: str, expected: str
) -> None:
    sets = (frozenset(map(ord, firing)), frozenset(map(ord, resolved)))
    assert needs_update(logged, *sets, notified_ends=sets[1], repeats_before=500.0) == expected


def test_an_entry_lives_for_two_repeat_intervals_but_not_longer_than_five_days() -> None:
    assert expiry(1000.0, 60.0) == 1120.0
    assert expiry(0.0, 30 * 86400.0) == 5 * 86400.0


def test_an_expired_entry_does_not_count_and_is_collected() -> None:
    log = NotificationLog()
    log.put(entry("a", at=0.0))
    assert log.get(KEY, 999.0) is not None
    assert log.get(KEY, 1000.0) is None
    assert log.collect_garbage(999.0) == []
    assert log.collect_garbage(1000.0) == [KEY]
    assert len(log) == 0


def test_the_oldest_entries_go_when_there_are_too_many() -> None:
    log = NotificationLog()
    keys = [LogKey(str(number), "hook", "webhook", 0) for number in range(3)]
    for key in (*keys, keys[0]):
        log.put(LogEntry(key, 0.0, 1.0, frozenset(), frozenset()))
    assert log.shrink(3) == []
    assert log.shrink(2) == [keys[1]]
    assert [one.key for one in log] == [keys[2], keys[0]]
