"""Which of the names that pass by are worth a question."""

import re
from collections.abc import Sequence
from random import Random
from typing import cast

import pytest

from exporter.config.samplers.queues import ListPattern, QueuesSection
from exporter.queues import key_filter as key_filter_module
from exporter.queues.base import Framework, KeyPattern
from exporter.queues.frameworks.registry import build_frameworks
from exporter.queues.key_filter import KeyFilter

FRAMEWORKS = build_frameworks(QueuesSection())
WITHOUT_STREAMS = build_frameworks(QueuesSection(frameworks=("bullmq", "celery", "huey")))
ALL = 1 << 30


class Posts:
    """A framework of which just its name and signposts matter."""

    def __init__(self, name: str, *key_patterns: KeyPattern) -> None:
        self.name = name
        self.key_patterns = key_patterns


def key_filter(*posts: Posts) -> KeyFilter:
    return KeyFilter(cast("Sequence[Framework]", posts))


def test_names_under_a_signpost_are_kept() -> None:
    key_filter = KeyFilter(WITHOUT_STREAMS)
    key_filter.begin()
    key_filter.add(
        [b"huey.redis.mail", b"bull:mail:meta", b"user:1", b"_kombu.binding.nobody", b"bull:mail:77"]
    )
    assert set(key_filter.pop(ALL)) == {b"huey.redis.mail", b"bull:mail:meta", b"_kombu.binding.nobody"}
    assert key_filter.pop(ALL) == []


def test_names_are_handed_out_in_portions_and_asked_anew_in_the_next_walk() -> None:
    key_filter = KeyFilter(WITHOUT_STREAMS)
    names = [b"bull:mail:meta", b"bull:sms:meta", b"bull:fax:meta"]
    for _ in range(2):
        key_filter.begin()
        key_filter.add(names)
        assert (len(key_filter.pop(2)), key_filter.has_names) == (2, True)
        assert (len(key_filter.pop(2)), key_filter.has_names) == (1, False)


def test_lists_of_ones_own_are_told_apart_by_their_digits_too() -> None:
    settings = QueuesSection(frameworks=(), lists=(ListPattern(key="queue:2:{name}"),))
    key_filter = KeyFilter(build_frameworks(settings))
    key_filter.begin()
    key_filter.add([b"queue:3:mail", b"queue:2:mail", b"queue:4:mail", b"queue:2:9"])
    assert key_filter.pop(ALL) == [b"queue:2:mail", b"queue:2:9"]


def test_a_crowd_in_which_nothing_is_found_is_looked_at_in_part_and_the_rest_counted() -> None:
    key_filter = KeyFilter(WITHOUT_STREAMS)
    key_filter.begin()
    key_filter.add([b"game:%d:active" % number for number in range(5000)] + [b"bull:mail:active"])
    names = key_filter.pop(ALL)
    assert (len(names), key_filter.dropped) == (1001, 4000)
    assert b"bull:mail:active" in names


def test_what_has_told_nothing_is_looked_at_less_and_in_the_end_all_of_it() -> None:
    key_filter = KeyFilter(WITHOUT_STREAMS, Random(7))
    names = [b"game:%d:active" % number for number in range(5000)]
    seen: set[bytes] = set()
    for walk in range(400):
        key_filter.begin()
        key_filter.add([*names, b"bull:mail:active"])
        asked = key_filter.pop(ALL)
        assert b"bull:mail:active" in asked
        assert len(asked) == 1001 if walk == 0 else 50 < len(asked) < 200
        seen.update(asked)
    assert len(seen) == 5001


def test_where_queues_were_found_all_of_their_kind_are_looked_at() -> None:
    key_filter = KeyFilter(WITHOUT_STREAMS)
    names = [b"bull:queue%d:meta" % number for number in range(5000)]
    key_filter.begin()
    key_filter.add(names)
    key_filter.mark_productive(key_filter.pop(ALL), {b"bull:queue17"})
    key_filter.begin()
    key_filter.add(names)
    assert len(key_filter.pop(ALL)) == 5000


def test_there_is_an_end_to_what_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_filter_module, "MAX_NOTICED", 10)
    key_filter = KeyFilter(WITHOUT_STREAMS)
    key_filter.begin()
    key_filter.add([bytes([97 + number]) + b":meta" for number in range(26)])
    assert (len(key_filter.pop(ALL)), key_filter.dropped) == (10, 16)


def test_what_may_have_any_name_is_found_by_samples_of_each_shape() -> None:
    one = key_filter(Posts("streams", KeyPattern("stream", re.compile(rb".+"))))
    crowd = [b"user:%d" % number for number in range(20_000)]
    streams = [b"notify:%d" % number for number in range(1000)]
    one.begin()
    for start in range(0, len(crowd), 200):
        one.add(crowd[start : start + 200])
    one.add(streams)
    asked = one.pop(ALL)
    assert len([name for name in asked if name.startswith(b"user:")]) < 0.02 * len(crowd)
    sample = [name for name in asked if name.startswith(b"notify:")]
    assert 5 <= len(sample) < 100
    found = one.candidates(dict.fromkeys(sample, "stream"))
    assert set(found["streams"].of("stream")) == set(sample)
    one.add(streams)
    assert len(one.pop(ALL)) == 1000


def test_samples_reach_every_name_of_a_mixed_shape_in_the_end() -> None:
    one = KeyFilter(FRAMEWORKS, Random(7))
    names = [b"key%d" % number for number in range(1000)]
    seen: set[bytes] = set()
    for _ in range(1000):
        one.begin()
        one.add(names)
        seen.update(one.pop(ALL))
    assert len(seen) == 1000


def test_names_without_anything_in_common_take_no_memory_without_end() -> None:
    one = KeyFilter(FRAMEWORKS)
    for number in range(300):
        letters = str(number).translate({48 + digit: 97 + digit for digit in range(10)}).encode()
        one.add([letters + bytes([97 + index // 26, 97 + index % 26]) for index in range(200)])
    assert len(one._shapes) <= key_filter_module._MAX_SHAPES + 200


def test_names_with_line_ends_keep_their_own_shapes() -> None:
    one = KeyFilter(WITHOUT_STREAMS)
    one.begin()
    one.add([b"odd\nname:meta", b"bull:mail:meta", b"a\n\nb7", b"bull:sms:meta"])
    assert set(one.pop(ALL)) >= {b"bull:mail:meta", b"bull:sms:meta"}


def test_names_that_are_too_long_for_a_queue_are_passed_over() -> None:
    one = KeyFilter(WITHOUT_STREAMS)
    one.begin()
    one.add([b"a:" * 600 + b":meta", b"a:" * 500 + b":meta", b"bull:mail:meta"])
    assert set(one.pop(ALL)) == {b"a:" * 500 + b":meta", b"bull:mail:meta"}


@pytest.mark.parametrize("step", [1, 7, 200])
def test_names_are_sampled_as_often_whatever_they_come_along_with(step: int) -> None:
    one = key_filter(Posts("streams", KeyPattern("stream", re.compile(rb".+"))))
    one._random = Random(7)
    crowd = [b"user:%d" % number for number in range(40_000)]
    one.begin()
    for start in range(0, len(crowd), step):
        one.add(crowd[start : start + step])
    assert len(one.pop(ALL)) == pytest.approx(5 + len(crowd) / 100, rel=0.2)
