from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.samplers.slowlog.cursor import SlowlogCursor
from exporter.samplers.slowlog.entries import Entry


def entries(*ids: int) -> list[Entry]:
    return [Entry(number, 0, 1, [b"get"]) for number in ids]


def opened(last_id: int = -1) -> SlowlogCursor:
    cursor = SlowlogCursor()
    if last_id < 0:
        cursor.begin([], 0, starts_at_zero=True)
    else:
        cursor.begin(entries(last_id), 1, starts_at_zero=False)
    return cursor


def test_what_was_there_before_is_not_new() -> None:
    delta = opened(41).advance(entries(41), 1)

    assert (delta.entries, delta.lost, delta.uncertain) == ([], 0, False)


def test_new_entries_come_oldest_first() -> None:
    delta = opened(41).advance(entries(44, 43, 42, 41), 4)

    assert [entry.id for entry in delta.entries] == [42, 43, 44]
    assert delta.lost == 0


def test_entries_that_fell_out_of_the_ring_are_lost() -> None:
    delta = opened().advance(entries(9, 8, 7), 3)

    assert [entry.id for entry in delta.entries] == [7, 8, 9]
    assert delta.lost == 7


def test_entries_beyond_what_is_read_are_lost() -> None:
    delta = opened().advance(entries(9, 8), 10)

    assert (len(delta.entries), delta.lost) == (2, 8)


def test_numbers_go_on_over_a_reset() -> None:
    cursor = opened(9)
    assert not cursor.advance(entries(9, 8, 7), 10).reset

    emptied = cursor.advance([], 0)
    after = cursor.advance(entries(20), 1)

    assert (emptied.reset, emptied.lost) == (True, 0)
    assert ([entry.id for entry in after.entries], after.lost) == ([20], 10)


def test_a_reset_shows_in_a_ring_that_is_shorter_than_it_should_be() -> None:
    cursor = opened()
    cursor.advance(entries(9, 8, 7), 10)

    assert cursor.advance(entries(11, 10), 2).reset


def test_a_full_ring_is_no_reset() -> None:
    cursor = opened()
    cursor.advance(entries(9, 8, 7), 10, capacity=10)

    assert not cursor.advance(entries(15, 14, 13, 12, 11, 10), 10, capacity=10).reset


def test_after_a_restart_numbers_start_at_0() -> None:
    cursor = opened(100)
    cursor.restart()

    delta = cursor.advance(entries(200, 199), 128)

    assert (len(delta.entries), delta.lost) == (2, 199)


def test_numbers_that_go_back_are_a_restart_that_nobody_announced() -> None:
    delta = opened(100).advance(entries(3, 2, 1, 0), 4)

    assert (len(delta.entries), delta.lost, delta.uncertain) == (4, 0, True)


def test_an_empty_ring_of_unknown_numbers_that_did_not_fill_up_lost_nothing() -> None:
    cursor = SlowlogCursor()
    cursor.begin([], 0, starts_at_zero=False)

    delta = cursor.advance(entries(73, 72), 2)

    assert (len(delta.entries), delta.lost, delta.uncertain) == (2, 0, False)


def test_an_empty_ring_of_unknown_numbers_that_filled_up_lost_nobody_knows_how_many() -> None:
    cursor = SlowlogCursor()
    cursor.begin([], 0, starts_at_zero=False)

    delta = cursor.advance(entries(*range(500, 372, -1)), 128)

    assert (len(delta.entries), delta.lost, delta.uncertain) == (128, 0, True)


@given(
    st.lists(st.one_of(st.integers(0, 40), st.sampled_from(["reset", "restart"])), max_size=30),
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_counted_and_lost_are_what_was_issued(steps: list[int | str], capacity: int, limit: int) -> None:
    """Against a model of the server's ring; a pass after each step, and at the end one more command."""
    cursor, issued, number, counted, lost, uncounted = opened(), 0, 0, 0, 0, 0
    ring: list[Any] = []
    for step in [*steps, 1]:
        if step == "reset":
            ring = []
            continue
        if step == "restart":
            # What is in the ring but not yet read dies with the server.
            cursor.restart()
            ring, uncounted, number = [], uncounted + issued - counted - lost, 0
            continue
        for _ in range(int(step)):
            ring = [number, *ring][:capacity]
            number += 1
            issued += 1
        read = entries(*ring[: min(max(cursor.count_new(entries(*ring[:1])), 1), limit)])
        delta = cursor.advance(read, len(ring), capacity=capacity)
        counted, lost = counted + len(delta.entries), lost + delta.lost

    assert counted + lost + uncounted == issued
