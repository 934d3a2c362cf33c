from exporter.config.remote_write import QueueSection
from exporter.remote.write.shards import Shards


def shards(**settings: int) -> Shards:
    return Shards(QueueSection.model_validate(settings))


def test_there_are_enough_for_what_waits_and_no_more_than_can_be_filled() -> None:
    one = shards(max_shards=10)
    one.fit(3)
    assert one.count == 1
    one.fit(40)
    assert one.count == 5
    one.fit(4000)
    assert one.count == 10
    one.fit(2)
    assert one.count == 2


def test_there_are_more_where_sending_is_slower_than_sampling_and_fewer_where_it_is_quick() -> None:
    one = shards(max_shards=5)
    one.note(2.0, 1.0, is_behind=False)
    assert one.count == 2
    one.note(0.5, 1.0, is_behind=False)
    assert one.count == 2
    one.note(0.1, 1.0, is_behind=True)
    one.note(0.1, 1.0, is_behind=True)
    assert one.count == 5
    one.note(0.1, 1.0, is_behind=False)
    assert one.count == 4


def test_bounds_that_change_hold_at_once() -> None:
    one = shards(min_shards=4, max_shards=9)
    assert one.count == 4
    one.configure(QueueSection(max_shards=2))
    assert one.count == 2
