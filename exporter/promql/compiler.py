"""From a syntax tree to a plan of operators."""

from exporter.errors import QueryError
from exporter.promql.calls import compile_call, compile_scalar_call
from exporter.promql.limits import Limits
from exporter.promql.operators.aggregate import (
    REDUCERS,
    CountValues,
    Grouping,
    QuantilePerGroup,
    Reduce,
    TopOfGroup,
)
from exporter.promql.operators.arithmetic import (
    ARITHMETIC,
    COMPARISON,
    VectorScalarArithmetic,
    VectorScalarComparison,
)
from exporter.promql.operators.base import Once, RangeOperator, ScalarOperator, Shared, VectorOperator
from exporter.promql.operators.elementwise import MapValues, Steps
from exporter.promql.operators.matching import SetOperation, VectorBinary
from exporter.promql.operators.names import DropNames, DropNamesLater, DropNamesOfRanges
from exporter.promql.operators.scalar import Constant, Negation, ScalarBinary
from exporter.promql.operators.selectors import SelectVector, SelectWindows
from exporter.promql.operators.subquery import EvaluateSubquery
from exporter.promql.pinning import Pinning
from exporter.promql.repetition import Repetitions
from exporter.promql.syntax.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
    unwrap,
)
from exporter.promql.syntax.signatures import ValueType
from exporter.promql.syntax.tokens import SET_OPERATORS


class Compiler:
    """Builds the operators for the nodes of one query. `QueryError` where an argument can never work.

    `drops_names_late`: metric names go from the result only, instead of where they stop to hold.
    """

    def __init__(self, root: Expr, limits: Limits, *, drops_names_late: bool = False) -> None:
        self.limits = limits
        self.drops_names_late = drops_names_late
        self._pinning = Pinning()
        self._inside_pinned = False
        self._inside_subquery = False
        self._repetitions = Repetitions(root)
        self._shared: dict[Expr, VectorOperator] = {}

    def vector(self, node: Expr) -> VectorOperator:
        """The operator for a node that yields an instant vector."""
        if self._inside_pinned or not self._pinning.is_worth_keeping(node):
            return self._repeatable(node)
        self._inside_pinned = True
        operator = Once(self._vector(node))
        self._inside_pinned = False
        return operator

    def _repeatable(self, node: Expr) -> VectorOperator:
        if node not in self._repetitions:
            return self._vector(node)
        found = self._shared.get(node)
        if found is None:
            found = self._shared[node] = Shared(self._vector(self._repetitions.last(node)))
        return found

    def _vector(self, node: Expr) -> VectorOperator:
        node = unwrap(node)
        match node:
            case VectorSelector():
                return SelectVector(node)
            case Unary():
                inner = self.vector(node.expr)
                return self.nameless(MapValues(_negate, inner)) if node.op == "-" else inner
            case Binary():
                return self._binary(node)
            case Aggregate():
                return self._aggregate(node)
            case Call():
                return compile_call(self, node)
            case _:
                raise TypeError(f"{type(node).__name__} is no instant vector")

    def nameless(self, operator: VectorOperator, *, of_ranges: bool = False) -> VectorOperator:
        """The same without the metric names, which hold no more."""
        if self.drops_names_late:
            return DropNamesLater(operator)
        return DropNamesOfRanges(operator) if of_ranges else DropNames(operator)

    @property
    def steps(self) -> Steps:
        """At which moments the part that is being built will be evaluated."""
        if self._inside_pinned:
            return Steps.ONE
        return Steps.OF_SUBQUERY if self._inside_subquery else Steps.OF_QUERY

    def scalar(self, node: Expr) -> ScalarOperator:
        """The operator for a node that yields a number."""
        node = unwrap(node)
        match node:
            case NumberLiteral():
                return Constant(node.value)
            case Unary():
                inner = self.scalar(node.expr)
                return Negation(inner) if node.op == "-" else inner
            case Binary():
                function = COMPARISON.get(node.op) or ARITHMETIC[node.op]
                return ScalarBinary(function, self.scalar(node.left), self.scalar(node.right))
            case Call():
                return compile_scalar_call(self, node)
            case _:
                raise TypeError(f"{type(node).__name__} is no scalar")

    def windows(self, node: Expr, *, distinct: bool = False) -> RangeOperator:
        """The operator for a node that yields a range vector; `distinct`: repetitions may be left out."""
        node = unwrap(node)
        match node:
            case MatrixSelector():
                return SelectWindows(node.selector, node.range_ms, distinct=distinct)
            case Subquery():
                return EvaluateSubquery(node, self._subquery_operand(node))
            case _:
                raise TypeError(f"{type(node).__name__} is no range vector")

    def _subquery_operand(self, node: Subquery) -> VectorOperator:
        # What a pinned subquery evaluates still differs from step to step.
        outside = self._inside_pinned, self._inside_subquery
        self._inside_pinned, self._inside_subquery = False, True
        operator = self.vector(node.expr)
        self._inside_pinned, self._inside_subquery = outside
        return operator

    def string(self, node: Expr) -> str:
        """The value of a node that yields a string."""
        node = unwrap(node)
        if not isinstance(node, StringLiteral):
            raise TypeError(f"{type(node).__name__} is no string")
        return node.value

    def _binary(self, node: Binary) -> VectorOperator:
        op = node.op
        if node.right.value_type is ValueType.SCALAR:
            return self._with_scalar(node, node.left, node.right, swapped=False)
        if node.left.value_type is ValueType.SCALAR:
            return self._with_scalar(node, node.right, node.left, swapped=True)
        left, right = self.vector(node.left), self.vector(node.right)
        matching = node.matching or Matching()
        if op in SET_OPERATORS:
            return SetOperation(op, left, right, matching)
        return VectorBinary(
            op, left, right, matching, returns_bool=node.returns_bool, drops_late=self.drops_names_late
        )

    def _with_scalar(self, node: Binary, vector: Expr, scalar: Expr, *, swapped: bool) -> VectorOperator:
        operand, number = self.vector(vector), self.scalar(scalar)
        if node.op in COMPARISON:
            compared = VectorScalarComparison(
                node.op, operand, number, swapped=swapped, returns_bool=node.returns_bool
            )
            return self.nameless(compared) if node.returns_bool else compared
        return self.nameless(VectorScalarArithmetic(node.op, operand, number, swapped=swapped))

    def _aggregate(self, node: Aggregate) -> VectorOperator:
        operand = self.vector(node.expr)
        if node.op == "count_values" and node.param is not None:
            label = self.string(node.param)
            if not label:
                raise QueryError('invalid label name ""')
            return CountValues(label, operand, node.grouping, without=node.without)
        grouping = Grouping(node.grouping, without=node.without)
        if node.param is None:
            return Reduce(REDUCERS[node.op], operand, grouping)
        parameter = self.scalar(node.param)
        if node.op == "quantile":
            return QuantilePerGroup(parameter, operand, grouping, unwrap(node.param).start)
        return TopOfGroup(parameter, operand, grouping, largest_first=node.op == "topk")


def _negate(value: float) -> float:
    return -value
