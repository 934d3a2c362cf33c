"""Questions asked before they are due, so that a pass is one round trip while nothing has moved.

What a reader asks in its later rounds depends on the replies to its first (the age of the job at the end of
a list, the locks of those that are active), and mostly it is what it asked in the pass before. So these
questions travel along behind those of the first round. Where a round comes out the same, its replies are
there already; where it does not, it is asked as it is, in a further round trip. The server answers in the
very order in which the reader asks, so that what is read is what it would be without any prediction.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final, TypeVar

from exporter.connection import Command, Reply
from exporter.queues.steps import Steps

T = TypeVar("T")
Round = Sequence[Command]
# A round that was predicted wrong so often in a row is not predicted until it has come out the same twice.
_MAX_MISSES: Final = 2
# A longer round is not predicted: what it asks about is on the move.
_MAX_COMMANDS: Final = 300


class SpeculativeCache:
    """The rounds of one reader's last pass."""

    __slots__ = ("_misses", "_rounds")

    def __init__(self) -> None:
        self._rounds: list[Round] = []
        self._misses: list[int] = []

    def predict(self, after: int) -> Mapping[int, Round]:
        """The rounds that will follow the one of this number, as far as they can be told."""
        predicted = {}
        for number in range(after + 1, len(self._rounds)):
            if self._misses[number] >= _MAX_MISSES or len(self._rounds[number]) > _MAX_COMMANDS:
                break
            predicted[number] = self._rounds[number]
        return predicted

    def record(self, rounds: Sequence[Round]) -> None:
        """Take in the rounds of the pass that has ended."""
        before = dict(enumerate(zip(self._rounds, self._misses, strict=True)))
        self._misses = []
        for number, commands in enumerate(rounds):
            last, misses = before.get(number, (commands, 0))
            self._misses.append(0 if last == commands else misses + 1)
        # The first round is never predicted.
        self._rounds = [(), *rounds[1:]]


def with_prefetch(memory: SpeculativeCache, steps: Steps[T]) -> Steps[T]:
    """The same steps, in fewer rounds where the memory tells what later ones will ask."""
    rounds: list[Round] = []
    ahead: dict[int, tuple[Round, Sequence[Reply]]] = {}
    try:
        commands = next(steps)
        while True:
            predicted, replies = ahead.get(len(rounds), ((), ()))
            if predicted != commands or not rounds:
                ahead, replies = yield from _ask(commands, memory.predict(len(rounds)))
            rounds.append(commands)
            commands = steps.send(replies)
    except StopIteration as end:
        memory.record(rounds)
        result: T = end.value
        return result


def _ask(
    commands: Round, predict: Mapping[int, Round]
) -> Steps[tuple[dict[int, tuple[Round, Sequence[Reply]]], Sequence[Reply]]]:
    """Ask a round together with predicted later ones: their replies by number, and those of the round."""
    replies = iter((yield [*commands, *(command for later in predict.values() for command in later)]))
    own = list(islice(replies, len(commands)))
    return {number: (later, list(islice(replies, len(later)))) for number, later in predict.items()}, own
