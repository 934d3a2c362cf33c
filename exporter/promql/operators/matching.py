"""Vector matching pairs the series of two vectors, for arithmetic, comparisons and set operators.

All of that follows from the keys alone, so it is worked out once per pair of key lists and kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter.errors import QueryError
from exporter.model.labels import Labels
from exporter.model.quoting import quote
from exporter.promql.operators.arithmetic import ARITHMETIC, COMPARISON, columns
from exporter.promql.operators.base import VectorOperator
from exporter.promql.operators.names import check_unique
from exporter.promql.operators.tables import Column, Table, Tabular, combined, compared, table_of
from exporter.promql.run import Run
from exporter.promql.syntax.nodes import Cardinality, Matching
from exporter.promql.vector import METADATA_LABELS, NOTHING, IdentityMemo, Key, PerKey, Presence, Vector

# Series that are matched between two checks.
_PIECE = 500


def signature(matching: Matching) -> PerKey[Labels]:
    """The labels by which series match."""
    if matching.on:
        return PerKey(lambda key: key.labels.only(matching.labels))
    ignored = (*METADATA_LABELS, *matching.labels)
    return PerKey(lambda key: key.labels.without(*ignored))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The elements of both sides that match, pair by pair, and the keys of the results."""

    many: list[int]
    one: list[int]
    keys: list[Key]


class _Matcher:
    """The pairs of a one-to-one or many-to-one operation, kept while the keys are the same."""

    def __init__(self, matching: Matching, result: Callable[[Key, Key], Key], drops_late: bool) -> None:
        self._matching = matching
        self._drops_late = drops_late
        self._result = result
        self._signature = signature(matching)
        self._one_signature = signature(matching)
        self._pairs: IdentityMemo[_Pairs] = IdentityMemo()

    def pairs(self, many: Sequence[Key], one: Sequence[Key], run: Run) -> _Pairs:
        """The pairs of two lists of keys. Raises `QueryError` where they are ambiguous."""
        return self._pairs.get(lambda: self._find(many, one, run), many, one)

    def _find(self, many: Sequence[Key], one: Sequence[Key], run: Run) -> _Pairs:
        by_signature = self._index(one, run)
        found = _Pairs([], [], [])
        seen: dict[Labels, set[Labels] | None] = {}
        for index, wanted in enumerate(self._signature.of(many, run.check)):
            if index % _PIECE == 0:
                run.check()
            partner = by_signature.get(wanted)
            if partner is None:
                continue
            key = self._result(many[index], one[partner])
            self._check_unique(seen, wanted, key)
            found.many.append(index)
            found.one.append(partner)
            found.keys.append(key)
        if not self._drops_late:
            check_unique(found.keys, run)
        return found

    def _index(self, one: Sequence[Key], run: Run) -> dict[Labels, int]:
        found: dict[Labels, int] = {}
        for index, wanted in enumerate(self._one_signature.of(one, run.check)):
            if index % _PIECE == 0:
                run.check()
            if wanted in found:
                self._refuse_duplicate(wanted, one[index], one[found[wanted]])
            found[wanted] = index
        return found

    def _refuse_duplicate(self, wanted: Labels, first: Key, second: Key) -> None:
        side = "left" if self._matching.cardinality is Cardinality.ONE_TO_MANY else "right"
        pair = ", ".join(_all_labels(labels) for labels in sorted((first.labels, second.labels)))
        raise QueryError(
            f"found duplicate series for the match group {_all_labels(wanted)} on the {side} hand-side of "
            f"the operation: [{pair}];many-to-many matching not allowed: "
            "matching labels must be unique on one side"
        )

    def _check_unique(self, seen: dict[Labels, set[Labels] | None], wanted: Labels, key: Key) -> None:
        if self._matching.cardinality is Cardinality.ONE_TO_ONE:
            if wanted in seen:
                raise QueryError(
                    "multiple matches for labels: "
                    "many-to-one matching must be explicit (group_left/group_right)"
                )
            seen[wanted] = None
            return
        results = seen.setdefault(wanted, set())
        if results is not None:
            if key.labels in results:
                raise QueryError("multiple matches for labels: grouping labels must ensure unique matches")
            results.add(key.labels)


def _all_labels(labels: Labels) -> str:
    inner = ", ".join(f"{name}={quote(value)}" for name, value in labels)
    return f"{{{inner}}}"


class VectorBinary(Tabular):
    """Arithmetic or comparison between two vectors."""

    def __init__(
        self,
        op: str,
        left: VectorOperator,
        right: VectorOperator,
        matching: Matching,
        *,
        returns_bool: bool,
        drops_late: bool,
    ) -> None:
        self._left = left
        self._right = right
        self.operands = (left, right)
        self._compare = COMPARISON.get(op)
        self._function = ARITHMETIC.get(op)
        self._columns = None if op in COMPARISON else columns(op)
        self._returns_bool = returns_bool
        self._swapped = matching.cardinality is Cardinality.ONE_TO_MANY
        result = _result_key(matching, self._columns is not None, returns_bool, drops_late)
        self._matcher = _Matcher(matching, result, drops_late)
        self._presence = Presence()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The vector of results. Raises `QueryError` where the matching is ambiguous."""
        left, right = self._left.evaluate(run, at_ms), self._right.evaluate(run, at_ms)
        if not left.values or not right.values:
            return NOTHING
        many, one = (right, left) if self._swapped else (left, right)
        pairs = self._matcher.pairs(many.keys, one.keys, run)
        run.account_scanned(len(pairs.keys))
        left_values = run.map(left.values.__getitem__, pairs.one if self._swapped else pairs.many)
        right_values = run.map(right.values.__getitem__, pairs.many if self._swapped else pairs.one)
        if self._columns is not None:
            return Vector(pairs.keys, run.combine(self._columns, left_values, right_values))
        return self._compared(pairs.keys, left_values, right_values)

    def table(self, run: Run, steps: range) -> Table | None:
        """The vectors at some steps; None where the matching is ambiguous, at one of them or at none."""
        left, right = table_of(self._left, run, steps), table_of(self._right, run, steps)
        if left is None or right is None:
            return None
        many, one = (right, left) if self._swapped else (left, right)
        try:
            pairs = self._matcher.pairs(many.keys, one.keys, run)
        except QueryError:
            return None
        run.account_scanned(len(pairs.keys))

        def column(place: int, other: int) -> Column:
            run.work(len(steps))
            ours, theirs = left.columns[place], right.columns[other]
            if self._function is not None:
                return combined(self._function, ours, theirs)
            assert self._compare is not None
            return compared(self._compare, ours, theirs, None if self._returns_bool else ours)

        places = (pairs.one, pairs.many) if self._swapped else (pairs.many, pairs.one)
        return Table.of(pairs.keys, list(map(column, *places)), run)

    def _compared(self, keys: Sequence[Key], left: Sequence[float], right: Sequence[float]) -> Vector:
        compare = self._compare
        assert compare is not None
        mask = list(map(compare, left, right))
        if self._returns_bool:
            return Vector(keys, list(map(float, mask)))
        return self._presence.masked(keys, left, mask)


def _result_key(
    matching: Matching, is_arithmetic: bool, returns_bool: bool, drops_late: bool
) -> Callable[[Key, Key], Key]:
    """Return what makes the key of a result from those of the "many" and the "one" side."""
    is_nameless = is_arithmetic or (returns_bool and not drops_late)

    def build(many: Key, one: Key) -> Key:
        labels = many.labels.without(*METADATA_LABELS) if is_nameless else many.labels
        if matching.cardinality is Cardinality.ONE_TO_ONE:
            labels = labels.only(matching.labels) if matching.on else labels.without(*matching.labels)
        if matching.include:
            labels = labels.with_({name: one.labels.get(name) for name in matching.include})
        return Key(labels, drop_name=drops_late and (returns_bool or (not is_arithmetic and many.drop_name)))

    return build


class SetOperation:
    """`and`, `or` and `unless`."""

    def __init__(self, op: str, left: VectorOperator, right: VectorOperator, matching: Matching) -> None:
        self._op = op
        self._left = left
        self._right = right
        self._left_signature = signature(matching)
        self._right_signature = signature(matching)
        self._masks: IdentityMemo[list[bool]] = IdentityMemo()
        self._presence = Presence()
        self._unions: IdentityMemo[list[Key]] = IdentityMemo()

    def evaluate(self, run: Run, at_ms: int) -> Vector:
        """The elements of the left side that remain, and with `or` those that the right side adds."""
        left, right = self._left.evaluate(run, at_ms), self._right.evaluate(run, at_ms)
        if not left.values:
            return right if self._op == "or" else NOTHING
        if not right.values:
            return NOTHING if self._op == "and" else left
        run.account_scanned(len(left.values) + len(right.values))
        mask = self._masks.get(lambda: self._mask(left.keys, right.keys, run), left.keys, right.keys)
        if self._op == "or":
            return self._joined(left, self._presence.masked(right.keys, right.values, mask))
        return self._presence.masked(left.keys, left.values, mask)

    def _mask(self, left: Sequence[Key], right: Sequence[Key], run: Run) -> list[bool]:
        """Tell for each element whether to take it: of the right side for `or`, else of the left."""
        left_signatures = self._left_signature.of(left, run.check)
        right_signatures = self._right_signature.of(right, run.check)
        if self._op == "or":
            present, wanted_presence, asked = left_signatures, False, right_signatures
        else:
            present, wanted_presence, asked = right_signatures, self._op == "and", left_signatures
        known_labels: set[Labels] = set()
        for piece in run.pieces(present):
            known_labels.update(piece)
        return run.map(lambda wanted: (wanted in known_labels) is wanted_presence, asked)

    def _joined(self, left: Vector, added: Vector) -> Vector:
        if not added.values:
            return left
        keys = self._unions.get(lambda: [*left.keys, *added.keys], left.keys, added.keys)
        return Vector(keys, left.values + added.values)
