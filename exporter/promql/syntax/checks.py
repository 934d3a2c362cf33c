"""Checks find what is well-formed and makes no sense: types, counts, modifiers.

The rules and their wording follow `checkAST` of github.com/prometheus/prometheus, promql/parser/parse.go.
"""

from collections.abc import Callable
from typing import Final, NoReturn

from exporter.promql.syntax.nodes import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Expr,
    Node,
    Subquery,
    Unary,
    VectorSelector,
)
from exporter.promql.syntax.signatures import PARAMETER_TYPES, ValueType
from exporter.promql.syntax.tokens import SET_OPERATORS, syntax_error

COMPARISONS: Final = frozenset({"==", "!=", "<", ">", "<=", ">="})
_OPERANDS: Final = (ValueType.SCALAR, ValueType.VECTOR)


class Checker:
    """A checker of the nodes of one query, right after each was parsed; raises `QueryError` at the fault."""

    def __init__(self, text: str) -> None:
        self._text = text

    def check(self, node: Expr) -> None:
        """Check one node, its children having been checked."""
        check = _CHECKS.get(type(node))
        if check is not None:
            check(self, node)

    def _fail(self, node: Node, message: str) -> NoReturn:
        raise syntax_error(self._text, node.start, message)

    def _expect(self, node: Expr, wanted: ValueType, context: str) -> None:
        found = node.value_type
        if found is not wanted:
            self._fail(node, f"expected type {wanted.documented} in {context}, got {found.documented}")

    def _selector(self, node: VectorSelector) -> None:
        if node.name:
            for matcher in node.matchers[:-1]:
                if matcher.name == "__name__":
                    self._fail(node, f'metric name must not be set twice: "{node.name}" or "{matcher.value}"')
        elif all(matcher.matches_empty for matcher in node.matchers):
            self._fail(node, "vector selector must contain at least one non-empty matcher")

    def _subquery(self, node: Subquery) -> None:
        found = node.expr.value_type
        if found is not ValueType.VECTOR:
            self._fail(node, f"subquery is only allowed on instant vector, got {found.value} instead")

    def _unary(self, node: Unary) -> None:
        found = node.expr.value_type
        if found not in _OPERANDS:
            self._fail(
                node,
                "unary expression only allowed on expressions of type scalar or instant vector, "
                f'got "{found.documented}"',
            )

    def _aggregate(self, node: Aggregate) -> None:
        self._expect(node.expr, ValueType.VECTOR, "aggregation expression")
        if node.param is not None:
            self._expect(node.param, PARAMETER_TYPES[node.op], "aggregation parameter")

    def _call(self, node: Call) -> None:
        name, types = node.function.name, node.function.arguments
        count = len(node.args)
        least = len(types) - node.function.optional - node.function.repeats
        if least == len(types) and count != least:
            self._fail(node, f'expected {least} argument(s) in call to "{name}", got {count}')
        if count < least:
            self._fail(node, f'expected at least {least} argument(s) in call to "{name}", got {count}')
        if count > len(types) and not node.function.repeats:
            self._fail(node, f'expected at most {len(types)} argument(s) in call to "{name}", got {count}')
        for index, argument in enumerate(node.args):
            self._expect(argument, types[min(index, len(types) - 1)], f'call to function "{name}"')

    def _binary(self, node: Binary) -> None:
        scalars = (node.left.value_type, node.right.value_type).count(ValueType.SCALAR)
        self._operator(node, scalars)
        for side in (node.left, node.right):
            if side.value_type not in _OPERANDS:
                self._fail(side, "binary expression must contain only scalar and instant vector types")
        self._matching(node, scalars)
        if scalars and node.op in SET_OPERATORS:
            self._fail(node, f'set operator "{node.op}" not allowed in binary scalar expression')

    def _operator(self, node: Binary, scalars: int) -> None:
        message = ""
        if node.returns_bool and node.op not in COMPARISONS:
            message = "bool modifier can only be used on comparison operators"
        elif node.op in COMPARISONS and not node.returns_bool and scalars == 2:
            message = "comparisons between scalars must use BOOL modifier"
        elif node.matching is not None and node.matching.on:
            both = [label for label in node.matching.labels if label in node.matching.include]
            if both:
                message = f'label "{both[0]}" must not occur in ON and GROUP clause at once'
        if message:
            raise syntax_error(self._text, node.op_start, message)

    def _matching(self, node: Binary, scalars: int) -> None:
        matching = node.matching
        if matching is None:
            return
        if scalars and matching.labels:
            self._fail(node, "vector matching only allowed between instant vectors")
        grouped = matching.cardinality in (Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY)
        if not scalars and node.op in SET_OPERATORS and grouped:
            self._fail(node, f'no grouping allowed for "{node.op}" operation')


_CHECKS: Final[dict[type[Node], Callable[..., None]]] = {
    Aggregate: Checker._aggregate,
    Binary: Checker._binary,
    Call: Checker._call,
    Subquery: Checker._subquery,
    Unary: Checker._unary,
    VectorSelector: Checker._selector,
}
