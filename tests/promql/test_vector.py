"""What follows from labels alone is worked out once, for as long as the keys are the same object."""

import pytest

from exporter.model.labels import Labels
from exporter.promql.vector import IdentityMemo, Key, PerKey


def test_a_memo_computes_again_for_another_object_though_it_is_equal() -> None:
    memo: IdentityMemo[int] = IdentityMemo()
    calls: list[int] = []

    def compute() -> int:
        calls.append(len(calls))
        return calls[-1]

    first, second = [1], [1]
    assert [memo.get(compute, first), memo.get(compute, first), memo.get(compute, second)] == [0, 0, 1]
    assert [memo.get(compute, second, first), memo.get(compute, second, first)] == [2, 2]
    assert memo.get(compute, first) == 3


def test_a_memo_whose_computation_fails_computes_again() -> None:
    memo: IdentityMemo[int] = IdentityMemo()
    keys = [1]

    def fail() -> int:
        raise ValueError("no result")

    assert memo.get(lambda: 1, []) == 1
    for _ in range(2):
        with pytest.raises(ValueError, match="no result"):
            memo.get(fail, keys)
    assert memo.get(lambda: 2, keys) == 2


def test_results_per_key_are_the_same_list_for_the_same_keys() -> None:
    asked: list[Key] = []

    def name_of(key: Key) -> str:
        asked.append(key)
        return key.labels.name

    names = PerKey(name_of)
    keys = [Key(Labels({"__name__": "a"})), Key(Labels({"__name__": "b"}))]
    first = names.of(keys, lambda: None)
    assert first == ["a", "b"]
    assert names.of(keys, lambda: None) is first
    assert names.of(list(keys), lambda: None) == first
    assert len(asked) == 2
