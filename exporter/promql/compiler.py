"""The compiler makes a plan of operators from a syntax tree."""

from exporter.errors import QueryError
from exporter.model.quoting import is_text, quote
from exporter.promql.calls import compile_call, compile_scalar_call
from exporter.promql.common_subexpressions import CommonSubexpressions
from exporter.promql.limits import Limits
from exporter.promql.operators.aggregate import (
    REDUCERS,
    CountValues,
    Grouping,
    QuantilePerGroup,
    Reduce,
)
from exporter.promql.operators.arithmetic import (
    ARITHMETIC,
    COMPARISON,
    VectorScalarArithmetic,
    VectorScalarComparison,
)
from exporter.promql.operators.base import (
    RangeVectorOperator,
    ScalarOperator,
    VectorOperator,
)
from exporter.promql.operators.elementwise import MapValues, Steps
from exporter.promql.operators.matching import SetOperation, VectorBinary
from exporter.promql.operators.names import DropNames, DropNamesLater, DropNamesOfRanges
from exporter.promql.operators.reuse import CommonSubexpression, StepInvariant
from exporter.promql.operators.scalar import Constant, Negation, ScalarBinary
from exporter.promql.operators.selectors import SelectRangeVector, SelectVector
from exporter.promql.operators.subquery import EvaluateSubquery
from exporter.promql.operators.top import TopOfGroup
from exporter.promql.step_invariance import StepInvariance
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
    """A compiler builds the operators for the nodes of one query.

    Raises `QueryError` where an argument can never work. With `drops_names_late` metric names go from the
    result only, instead of as soon as they stop to apply.
    """

    def __init__(self, root: Expr, limits: Limits, *, drops_names_late: bool = False) -> None:
        self.limits = limits
        self.drops_names_late = drops_names_late
        self._step_invariance = StepInvariance()
        self._inside_step_invariant = False
        self._inside_subquery = False
        self._common = CommonSubexpressions(root)
        self._shared: dict[Expr, VectorOperator] = {}

    def vector(self, node: Expr) -> VectorOperator:
        """The operator for a node that yields an instant vector."""
        if self._inside_step_invariant or not self._step_invariance.should_wrap(node):
            return self._common_or_own(node)
        self._inside_step_invariant = True
        operator = StepInvariant(self._vector(node))
        self._inside_step_invariant = False
        return operator

    def _common_or_own(self, node: Expr) -> VectorOperator:
        if node not in self._common:
            return self._vector(node)
        found = self._shared.get(node)
        if found is None:
            found = self._shared[node] = CommonSubexpression(self._vector(self._common.last(node)))
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
        """Return the same without the metric names, which apply no more."""
        if self.drops_names_late:
            return DropNamesLater(operator)
        return DropNamesOfRanges(operator) if of_ranges else DropNames(operator)

    @property
    def steps(self) -> Steps:
        """The steps at which the part that is being built will be evaluated."""
        if self._inside_step_invariant:
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

    def range_vector(self, node: Expr, *, changes_only: bool = False) -> RangeVectorOperator:
        """The operator for a node that yields a range vector; `changes_only`: without repeated values."""
        node = unwrap(node)
        match node:
            case MatrixSelector():
                return SelectRangeVector(node.selector, node.range_ms, changes_only=changes_only)
            case Subquery():
                return EvaluateSubquery(node, self._subquery_operand(node))
            case _:
                raise TypeError(f"{type(node).__name__} is no range vector")

    def _subquery_operand(self, node: Subquery) -> VectorOperator:
        # The expression inside a step-invariant subquery still differs from step to step.
        outside = self._inside_step_invariant, self._inside_subquery
        self._inside_step_invariant, self._inside_subquery = False, True
        operator = self.vector(node.expr)
        self._inside_step_invariant, self._inside_subquery = outside
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
            if not label or not is_text(label):
                raise QueryError(f"invalid label name {quote(label)}")
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
