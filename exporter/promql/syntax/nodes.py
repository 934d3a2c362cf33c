"""Nodes make up the syntax tree: frozen, and equal where the meaning is, wherever it is in the text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from exporter.model.matcher import Matcher
from exporter.promql.syntax.signatures import Signature, ValueType


class Edge(StrEnum):
    """A time that only the query knows: its first or last step."""

    START = "start()"
    END = "end()"


class Cardinality(StrEnum):
    """The way in which the series of two sides may match."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of a query; `start` and `end` are offsets into its text."""

    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    @property
    def value_type(self) -> ValueType:
        """The type of the node's value."""
        raise NotImplementedError

    @property
    def children(self) -> "tuple[Expr, ...]":
        """The nodes directly below."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Node):
    """A number; `is_duration`: it was written as one, in seconds."""

    value: float
    is_duration: bool = False

    @property
    def value_type(self) -> ValueType:
        """A scalar."""
        return ValueType.SCALAR


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLiteral(Node):
    """A string."""

    value: str

    @property
    def value_type(self) -> ValueType:
        """A string."""
        return ValueType.STRING


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationOperation:
    """A duration that is computed: `left op right`, `-right`, `min_of(left, right)`, `step()`, `range()`.

    `is_wrapped`: it stands in parentheses. No expression: only ranges, steps and offsets have it.
    """

    op: str
    left: "NumberLiteral | DurationOperation | None" = None
    right: "NumberLiteral | DurationOperation | None" = None
    is_wrapped: bool = False
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSelector(Node):
    """`name{matchers} @ at offset offset`; `at_ms` None: the time of evaluation.

    `matchers` hold the metric name too, as the last one when it stands before the braces (`name`). Where
    `offset` is given, `offset_ms` is not known before the query runs.
    """

    name: str
    matchers: tuple[Matcher, ...]
    offset_ms: int = 0
    at_ms: int | Edge | None = None
    offset: DurationOperation | None = None

    @property
    def value_type(self) -> ValueType:
        """An instant vector."""
        return ValueType.VECTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSelector(Node):
    """`selector[range]`; the modifiers `@` and offset are the selector's. `range_ms` is as `range` has it."""

    selector: VectorSelector
    range_ms: int
    range: DurationOperation | None = None

    @property
    def value_type(self) -> ValueType:
        """A range vector."""
        return ValueType.MATRIX

    @property
    def children(self) -> "tuple[Expr, ...]":
        """The selector."""
        return (self.selector,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subquery(Node):
    """`expr[range:step] @ at offset offset`; `step_ms` None: the default, unless `step` says otherwise."""

    expr: "Expr"
    range_ms: int
    step_ms: int | None
    offset_ms: int = 0
    at_ms: int | Edge | None = None
    range: DurationOperation | None = None
    step: DurationOperation | None = None
    offset: DurationOperation | None = None

    @property
    def value_type(self) -> ValueType:
        """A range vector."""
        return ValueType.MATRIX

    @property
    def children(self) -> "tuple[Expr, ...]":
        """The expression inside."""
        return (self.expr,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paren(Node):
    """`(expr)`."""

    expr: "Expr"

    @property
    def value_type(self) -> ValueType:
        """The type of the expression inside."""
        return self.expr.value_type

    @property
    def children(self) -> "tuple[Expr, ...]":
        """The expression inside."""
        return (self.expr,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """`+expr` or `-expr`."""

    op: str
    expr: "Expr"

    @property
    def value_type(self) -> ValueType:
        """The type of the expression inside."""
        return self.expr.value_type

    @property
    def children(self) -> "tuple[Expr, ...]":
        """The expression inside."""
        return (self.expr,)


@dataclass(frozen=True, slots=True)
class Matching:
    """The matching of a binary operation's series: `on (labels)` or else `ignoring (labels)`."""

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    on: bool = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """`left op right`; `matching` only between two vectors. The operator stands at `op_start`."""

    op: str
    op_start: int = field(compare=False)
    left: "Expr"
    right: "Expr"
    returns_bool: bool = False
    matching: Matching | None = None

    @property
    def value_type(self) -> ValueType:
        """A scalar if both sides are, else an instant vector."""
        if self.left.value_type is ValueType.SCALAR and self.right.value_type is ValueType.SCALAR:
            return ValueType.SCALAR
        return ValueType.VECTOR

    @property
    def children(self) -> "tuple[Expr, ...]":
        """The two sides."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Node):
    """`op by|without (grouping) (param, expr)`."""

    op: str
    expr: "Expr"
    param: "Expr | None" = None
    grouping: tuple[str, ...] = ()
    without: bool = False

    @property
    def value_type(self) -> ValueType:
        """An instant vector."""
        return ValueType.VECTOR

    @property
    def children(self) -> "tuple[Expr, ...]":
        """The parameter, if there is one, and the aggregated expression."""
        return (self.expr,) if self.param is None else (self.param, self.expr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """`function(args)`."""

    function: Signature
    args: "tuple[Expr, ...]"

    @property
    def value_type(self) -> ValueType:
        """The type that the function returns."""
        return self.function.returns

    @property
    def children(self) -> "tuple[Expr, ...]":
        """The arguments."""
        return self.args


Expr = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Paren
    | Unary
    | Binary
    | Aggregate
    | Call
)


def unwrap(node: Expr) -> Expr:
    """The node inside any parentheses."""
    while isinstance(node, Paren):
        node = node.expr
    return node


def walk(root: Expr) -> Iterator[tuple[Expr, int]]:
    """Every node with its depth, the root first at depth 1; without recursion."""
    pending = [(root, 1)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending.extend((child, depth + 1) for child in reversed(node.children))
