"""Label functions write labels: label_replace and label_join."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.errors import QueryError
from exporter.model.expansion import expander
from exporter.model.labels import METRIC_NAME
from exporter.model.quoting import as_text
from exporter.model.regex import InvalidRegexError, compile_regex
from exporter.promql.operators.base import VectorOperator
from exporter.promql.operators.names import check_unique
from exporter.promql.run import Run
from exporter.promql.vector import IdentityMemo, Key, PerKey, Vector

# How many keys are computed at once, and how many steps of a regular expression per character.
_CHUNK: Final = 300
_MOST_STEPS: Final = 10_000
# Of a bad expression so much is repeated.
_MOST_SHOWN: Final = 1_000


@dataclass(frozen=True, slots=True)
class Computation:
    """What gives a series the value of a label, for a `chunk` of them at once; None: it stays as it is."""

    compute: Callable[[Key], str | None]
    chunk: int


class Relabel:
    """A vector whose series get a label computed from their labels.

    Two series that thereby become equal are an error.
    """

    def __init__(self, operand: VectorOperator, label: str, computation: Computation) -> None:
        self._operand = operand
        self._label = label
        self._compute = computation.compute
        self._keys = PerKey(self._relabelled, computation.chunk)
        # Built by the evaluation that is under way: each may be long, and there may be many.
        self._characters = 0
        self._accounts: IdentityMemo[None] = IdentityMemo()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector under its new labels."""
        vector = self._operand.evaluate(run, at_ms)
        self._characters = 0
        keys = self._keys.of(vector.keys, lambda: run.check_text(self._characters))
        self._accounts.get(lambda: self._account(run, keys), keys)
        return Vector(keys, vector.values)

    def _account(self, run: Run, keys: Sequence[Key]) -> None:
        for key in keys:
            run.account_text(len(key.labels.get(self._label)))
        check_unique(keys, run)

    def _relabelled(self, key: Key) -> Key:
        value = self._compute(key)
        if value is None:
            return key
        self._characters += len(value)
        label = self._label
        return Key(key.labels.with_({label: value}), drop_name=key.drop_name and label != METRIC_NAME)


def replacing(source: str, pattern: str, replacement: str, limit: int) -> Computation:
    """Return what label_replace computes: the replacement where the pattern matches the whole source label.

    Raises `QueryError` for a bad pattern now, and for a value longer than `limit` when it arises.
    """
    try:
        regex = compile_regex(pattern, with_groups=True)
    except InvalidRegexError as error:
        shown = pattern if len(pattern) <= _MOST_SHOWN else f"{pattern[:_MOST_SHOWN]}… ({error})"
        raise QueryError(f"invalid regular expression in label_replace(): {as_text(shown)}") from error
    expand = expander(replacement, regex)

    def compute(key: Key) -> str | None:
        value = key.labels.get(source)
        if len(value) > regex.most_characters:
            raise QueryError(
                f"the regular expression in label_replace() is too large for a value of {len(value):,} "
                f"characters: at most {regex.most_characters:,} are matched with it"
            )
        match = regex.fullmatch(value)
        return None if match is None else _within(expand(match), limit)

    return Computation(compute, max(1, min(_CHUNK, _MOST_STEPS // regex.steps)))


def joining(separator: str, sources: Sequence[str], limit: int) -> Computation:
    """Return what label_join computes: the source labels with the separator between them."""

    def compute(key: Key) -> str:
        parts = [key.labels.get(source) for source in sources]
        length = sum(map(len, parts)) + len(separator) * max(0, len(parts) - 1)
        if length > limit:
            raise QueryError(f"label value longer than {limit} characters")
        return separator.join(parts)

    return Computation(compute, _CHUNK)


def _within(parts: list[str], limit: int) -> str:
    if sum(map(len, parts)) > limit:
        raise QueryError(f"label value longer than {limit} characters")
    return "".join(parts)
