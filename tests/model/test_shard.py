"""Shards: every key is in exactly one, and in the one that Prometheus' hashmod says."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as some

from exporter.config.relabeling import RelabelSection
from exporter.discovery.relabeling import Relabeling
from exporter.model.hashmod import hashmod
from exporter.model.shard import Shard, parse_shard

KEYS = some.text(max_size=80)
COUNTS = some.integers(1, 50)


@given(KEYS, COUNTS)
def test_a_key_is_in_exactly_one_shard(key: str, count: int) -> None:
    holding = [number for number in range(1, count + 1) if Shard(number, count).holds(key)]
    assert holding == [Shard(1, count).number_of(key)]


@given(KEYS.filter(lambda key: key.isprintable() and key != ""), COUNTS)
def test_it_is_what_relabelling_computes(key: str, count: int) -> None:
    step = {"action": "hashmod", "source_labels": ["key"], "modulus": count, "target_label": "part"}
    labels = Relabeling([RelabelSection.model_validate(step)]).apply({"key": key})
    assert labels is not None
    assert int(labels["part"]) + 1 == Shard(1, count).number_of(key)


def test_the_values_of_prometheus() -> None:
    # From its own tests (model/relabel/relabel_test.go): these must never change, since a fleet would move.
    assert hashmod("baz", 1000) == 976
    assert hashmod("foo\nbar", 1000) == 734
    # By `printf %s redis-1.example.com:6379 | md5sum`, whose last 16 digits are 0760ae8bc4c060c4.
    assert hashmod("redis-1.example.com:6379", 5) == 0x0760AE8BC4C060C4 % 5


@pytest.mark.parametrize("count", [2, 3, 5, 8, 13])
def test_shards_are_about_equal(count: int) -> None:
    keys = [f"redis-{number}.example.com:6379" for number in range(count * 1_000)]
    sizes = Counter(Shard(1, count).number_of(key) for key in keys)
    assert sorted(sizes) == list(range(1, count + 1))
    # Seven standard deviations.
    assert all(abs(size - 1_000) < 7 * 1_000**0.5 for size in sizes.values())


@given(some.sets(KEYS, max_size=30), some.integers(1, 20))
def test_one_more_daemon_moves_what_modulo_moves(keys: set[str], count: int) -> None:
    """Only those stay whose hash has the same remainder: a change of the count moves nearly everybody."""
    for key in keys:
        whole = hashmod(key, 1 << 64)
        stays = Shard(1, count).number_of(key) == Shard(1, count + 1).number_of(key)
        assert stays == (whole % count == whole % (count + 1))


@pytest.mark.parametrize(("text", "shard"), [("2/5", Shard(2, 5)), (" 1 / 1 ", Shard(1, 1))])
def test_shards_that_are_read(text: str, shard: Shard) -> None:
    assert parse_shard(text) == shard
    assert parse_shard(str(shard)) == shard


@pytest.mark.parametrize("text", ["", "2", "0/5", "6/5", "2/0", "-1/5", "a/b", "1/99999", "٣/٥"])
def test_shards_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="write 2/5 for the second of five"):
        parse_shard(text)
