"""Lines of INFO that are read one by one or in batches, and the difference to the last reply."""

import asyncio
from collections.abc import Sequence

from exporter.samplers.info.batch import BatchReader
from exporter.samplers.info.diff import InfoDiff
from exporter.samplers.info.line_reader import (
    FULL_REPARSE,
    IGNORED,
    CallbackReader,
    LineReader,
    NamedNumbersReader,
    NumberReader,
    read_number,
)


def calls_and_time() -> NamedNumbersReader:
    reader = NamedNumbersReader(("calls", "usec"))
    reader.add(0, 0)
    reader.add(1, 1, 1e-6)
    return reader


def committed(*entries: tuple[str, str, LineReader]) -> InfoDiff:
    diff = InfoDiff({"role"})
    for head, text, reader in entries:
        diff.add(head, text, reader)
    diff.commit([head + text for head, text, _ in entries])
    return diff


def update(diff: InfoDiff, values: list[float | None], *lines: str) -> bool:
    return asyncio.run(diff.update(lines, values))


def test_a_number_is_written_to_its_value() -> None:
    values: list[float | None] = [None, None]
    reader = read_number(1, "5", values)
    assert values == [None, 5.0]
    assert reader.read("-1", values)
    assert values == [None, None], "-1: the server does not know"


def test_without_room_in_the_table_a_number_is_ignored() -> None:
    values: list[float | None] = []
    assert read_number(None, "5", values) is IGNORED


def test_named_numbers_are_scaled_and_other_names_are_another_line() -> None:
    values: list[float | None] = [None, None]
    reader = calls_and_time()
    assert reader.read("calls=3,usec=1500000", values)
    assert values == [3.0, 1.5]
    assert not reader.read("calls=3,usec=2,failed_calls=1", values)


def test_a_batch_writes_all_lines_or_nothing() -> None:
    batch = BatchReader(":", ["a:", "b:"], [NumberReader(0), NumberReader(1)])
    values: list[float | None] = [None, None]
    assert batch.read([0, 1], ["a:1", "b:2.5"], values)
    assert values == [1.0, 2.5]
    for lines in (["a:7", "b:-1"], ["a:7", "c:8"], ["a:7", "b:1.2.3"], ["a:7", "b:"], ["a:7", "b:9,d:1"]):
        assert not batch.read([0, 1], lines, values), lines
        assert values == [1.0, 2.5], lines


def test_lines_that_have_not_moved_are_not_read() -> None:
    read: list[str] = []

    def note(text: str) -> bool:
        read.append(text)
        return True

    diff = committed(("role:", "master", CallbackReader(note)), ("x:", "1", CallbackReader(note)))
    assert update(diff, [], "role:master", "x:1")
    assert update(diff, [], "role:master", "x:2")
    assert read == ["2"]


def test_fields_of_the_given_names_are_those_of_the_last_reply() -> None:
    diff = committed(("role:", "master", IGNORED), ("x:", "1", IGNORED))
    diff.set_field("role", "master")
    diff.set_field("x", "1")
    assert diff.fields == {"role": "master"}
    assert update(diff, [], "role:slave", "x:1")
    assert diff.fields == {"role": "slave"}


def test_everything_is_parsed_again_when_lines_change_places_labels_or_number() -> None:
    def entries() -> Sequence[tuple[str, str, LineReader]]:
        return ("db0:", "keys=1", FULL_REPARSE), ("a:", "1", NumberReader(0))

    values: list[float | None] = [1.0]
    assert update(committed(*entries()), values, "db0:keys=1", "a:2")
    assert values == [2.0]
    for lines in (["db0:keys=2", "a:2"], ["db0:keys=1"], ["db0:keys=1", "a:2", "b:3"], ["a:2", "db0:keys=1"]):
        assert not update(committed(*entries()), values, *lines), lines


def test_where_a_field_stands_twice_no_difference_is_looked_for() -> None:
    diff = committed(("a:", "1", NumberReader(0)), ("a:", "2", NumberReader(0)))
    assert not update(diff, [2.0], "a:1", "a:2")
