"""Further rounds are asked ahead, and what is read is what it would be without that."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from exporter.connection import Command, Reply
from exporter.queues.prefetch import SpeculativeCache, with_prefetch
from exporter.queues.steps import Steps


class Server:
    """Answers GET from a dict and counts the round trips; the dict may change between commands."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values
        self.trips: list[list[Command]] = []

    def answer(self, commands: Sequence[Command]) -> list[Reply]:
        self.trips.append(list(commands))
        return [self.values.get(str(command[1]), "") for command in commands]

    def run(self, steps: Steps[list[str]]) -> list[str]:
        self.trips = []
        try:
            commands = next(steps)
            while True:
                commands = steps.send(self.answer(commands))
        except StopIteration as end:
            result: list[str] = end.value
            return result


def follow(start: str) -> Steps[list[str]]:
    """Each reply names what is asked next."""
    path = [start]
    while path[-1]:
        (reply,) = yield [("GET", path[-1])]
        path.append(reply)
    return path


def test_the_second_pass_is_one_round_trip() -> None:
    server, memory = Server({"a": "b", "b": "c"}), SpeculativeCache()
    assert server.run(with_prefetch(memory, follow("a"))) == ["a", "b", "c", ""]
    assert len(server.trips) == 3
    assert server.run(with_prefetch(memory, follow("a"))) == ["a", "b", "c", ""]
    assert server.trips == [[("GET", "a"), ("GET", "b"), ("GET", "c")]]


def test_what_has_moved_is_asked_again_with_all_that_comes_after_it() -> None:
    server, memory = Server({"a": "b", "b": "c", "x": "c"}), SpeculativeCache()
    server.run(with_prefetch(memory, follow("a")))
    server.values["a"] = "x"
    assert server.run(with_prefetch(memory, follow("a"))) == ["a", "x", "c", ""]
    # The third round is guessed a second time: what was asked ahead of the second one is not gone by.
    assert server.trips[1:] == [[("GET", "x"), ("GET", "c")]]


def test_a_round_that_moves_all_the_time_is_not_guessed_until_it_stays() -> None:
    server, memory = Server({}), SpeculativeCache()
    for number in range(5):
        server.values["a"] = f"job{number}"
        server.run(with_prefetch(memory, follow("a")))
    assert server.trips == [[("GET", "a")], [("GET", "job4")]]
    for trips in (2, 1):
        server.run(with_prefetch(memory, follow("a")))
        assert len(server.trips) == trips


def test_a_very_long_round_is_not_guessed() -> None:
    def ask_many() -> Steps[list[str]]:
        yield [("GET", "a")]
        return list((yield [("GET", str(number)) for number in range(1000)]))

    server, memory = Server({}), SpeculativeCache()
    for _ in range(3):
        server.run(with_prefetch(memory, ask_many()))
        assert [len(trip) for trip in server.trips] == [1, 1000]


def test_a_fault_stays_a_fault_and_an_empty_round_is_one() -> None:
    def ask_nothing_first() -> Steps[list[str]]:
        yield []
        return list((yield [("GET", "a")]))

    server, memory = Server({"a": "1"}), SpeculativeCache()
    for trips in ([[], [("GET", "a")]], [[("GET", "a")]]):
        assert server.run(with_prefetch(memory, ask_nothing_first())) == ["1"]
        assert server.trips == trips


VALUES = st.dictionaries(st.sampled_from("abcde"), st.sampled_from(["", *"abcde"]), max_size=5)


def follow_a_while(start: str) -> Steps[list[str]]:
    """Like `follow`, of what may go round in circles."""
    path = [start]
    while path[-1] and len(path) < 6:
        replies = yield [("GET", path[-1]), ("GET", start)]
        path.append(replies[0])
    return path


@given(st.lists(VALUES, min_size=1, max_size=8))
def test_whatever_happens_between_passes_the_result_is_the_same(states: list[dict[str, str]]) -> None:
    memory = SpeculativeCache()
    for values in states:
        guessing, plain = Server(values), Server(values)
        assert guessing.run(with_prefetch(memory, follow_a_while("a"))) == plain.run(follow_a_while("a"))
        assert len(guessing.trips) <= len(plain.trips)
