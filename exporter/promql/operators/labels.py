"""Label functions write labels: label_replace and label_join."""

from collections.abc import Callable, Sequence
from functools import partial

from exporter.errors import QueryError
from exporter.model.expansion import expander
from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import InvalidRegexError, compile_anchored
from exporter.model.quoting import as_text
from exporter.promql.operators.base import VectorOperator
from exporter.promql.operators.names import check_unique
from exporter.promql.run import Run
from exporter.promql.vector import IdentityMemo, Key, PerKey, Vector


class Relabel:
    """A vector whose series get a label computed from their labels; None: it stays as it is.

    Two series that thereby become equal are an error.
    """

    def __init__(self, operand: VectorOperator, label: str, compute: Callable[[Key], str | None]) -> None:
        self._operand = operand
        self._label = label
        self._keys = PerKey(partial(_relabelled, label, compute))
        self._characters = 0
        self._accounts: IdentityMemo[None] = IdentityMemo()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector under its new labels."""
        vector = self._operand.evaluate(run, at_ms)
        keys = self._keys.of(vector.keys, run.check)
        self._accounts.get(lambda: self._account(run, keys), keys)
        return Vector(keys, vector.values)

    def _account(self, run: Run, keys: Sequence[Key]) -> None:
        for key in keys:
            run.account_text(len(key.labels.get(self._label)))
        check_unique(keys, run)


def _relabelled(label: str, compute: Callable[[Key], str | None], key: Key) -> Key:
    value = compute(key)
    if value is None:
        return key
    return Key(key.labels.with_({label: value}), drop_name=key.drop_name and label != METRIC_NAME)


def replacing(source: str, pattern: str, replacement: str, limit: int) -> Callable[[Key], str | None]:
    """Return what label_replace computes: the replacement where the pattern matches the whole source label.

    Raises `QueryError` for a bad pattern now, and for a value longer than `limit` when it arises.
    """
    try:
        regex = compile_anchored(pattern)
    except InvalidRegexError as error:
        raise QueryError(f"invalid regular expression in label_replace(): {as_text(pattern)}") from error
    expand = expander(replacement, regex)

    def compute(key: Key) -> str | None:
        match = regex.fullmatch(key.labels.get(source))
        return None if match is None else _within(expand(match), limit)

    return compute


def joining(separator: str, sources: Sequence[str], limit: int) -> Callable[[Key], str | None]:
    """Return what label_join computes: the source labels with the separator between them."""

    def compute(key: Key) -> str:
        parts = [key.labels.get(source) for source in sources]
        length = sum(map(len, parts)) + len(separator) * max(0, len(parts) - 1)
        if length > limit:
            raise QueryError(f"label value longer than {limit} characters")
        return separator.join(parts)

    return compute


def _within(parts: list[str], limit: int) -> str:
    if sum(map(len, parts)) > limit:
        raise QueryError(f"label value longer than {limit} characters")
    return "".join(parts)
