"""One object for equal values, and one value for the same objects."""

import gc
from weakref import ref

from exporter.metrics.key_index import key_index_of, point_of
from exporter.model.interning import IdentityInterner, Interner
from exporter.model.labels import Labels, intern
from exporter.model.sample import Family, Kind, Point, schema_of

GAUGE = Family("memory_bytes", Kind.GAUGE, "", ("kind",))


class Holder:
    """A value that holds what it was made of, as the rule demands."""

    def __init__(self, *objects: object) -> None:
        self.objects = objects


def test_equal_keys_have_one_object_until_there_are_too_many() -> None:
    interner: Interner[str, list[str]] = Interner(limit=2)
    first = interner.get("a", lambda key: [key])
    assert interner.get("a", lambda key: [key]) is first == ["a"]
    interner.get("b", lambda key: [key])
    interner.get("c", lambda key: [key])
    assert len(interner) == 1
    again = interner.get("a", lambda key: [key])
    assert again == first
    assert again is not first


def test_a_value_is_found_by_the_same_objects_in_the_same_order_only() -> None:
    interner: IdentityInterner[Holder] = IdentityInterner()
    one, equal, other = [1], [1], [2]
    value = interner.get((one, other), lambda: Holder(one, other))
    assert interner.get([one, other], Holder) is value
    assert interner.get((equal, other), lambda: Holder(equal, other)) is not value
    assert interner.get((other, one), lambda: Holder(other, one)) is not value


def test_an_identity_that_a_new_object_takes_over_finds_nothing() -> None:
    interner: IdentityInterner[Holder] = IdentityInterner()
    found = []
    for number in range(1_000):
        # Most of these lists get the address of the one before.
        made = [number]
        value = interner.get((made,), lambda made=made: Holder(made))  # type: ignore[misc]  # bound now
        found.append(value.objects[0] == [number])
        del made, value
    gc.collect()
    assert all(found)
    assert len(interner) == 0


def test_schemas_and_key_indexes_live_as_long_as_somebody_holds_them() -> None:
    key, point = point_of((GAUGE, "", ("used",)), ["kind"])
    assert point_of((GAUGE, "", ("used",)), ["kind"]) == (key, point)
    held = key_index_of([key], [point])
    assert key_index_of([key], [point]) is held
    assert schema_of([point]) is held.schema
    # An equal point is another one: whoever has it has another schema, which finds the same series.
    twin = Point(GAUGE, "", Labels({"kind": "used"}))
    assert schema_of([twin]) is not held.schema
    assert schema_of([twin]).index_of(point.series) == 0
    gone = ref(held.schema)
    del held
    gc.collect()
    assert gone() is None


def test_label_pairs_are_interned() -> None:
    assert intern(("kind", "".join(["us", "ed"]))) is intern(("kind", "used"))
