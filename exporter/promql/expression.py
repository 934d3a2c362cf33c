"""An expression is a parsed query, with what is known about it before it runs."""

from dataclasses import dataclass, field

from exporter.errors import QueryError
from exporter.model.matcher import Matcher
from exporter.promql.limits import Limits
from exporter.promql.syntax.durations import has_durations, resolve
from exporter.promql.syntax.nodes import Edge, Expr, MatrixSelector, Subquery, VectorSelector, walk
from exporter.promql.syntax.parser import Parser
from exporter.promql.syntax.printer import format_expression
from exporter.promql.syntax.signatures import ValueType
from exporter.promql.syntax.tokens import syntax_error

DEFAULT_LOOKBACK_MS = 300_000


@dataclass(frozen=True, slots=True)
class Selector:
    """A vector selector of a query.

    `metric_name` is empty where the name is not fixed. `history_ms` is how far before the evaluation the
    oldest sample lies that it can read: range, offset, enclosing subqueries and look-back together. With a
    fixed `@` it counts from `at_ms` instead of the time of evaluation.
    """

    matchers: tuple[Matcher, ...]
    metric_name: str
    history_ms: int
    at_ms: int | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Expression:
    """A checked query. `str()` is its canonical form. Equality is identity, for the plans of engines."""

    text: str
    root: Expr
    selectors: tuple[Selector, ...] = field(repr=False)
    is_computed: bool = False
    """Whether some range, step or offset is computed; `resolved` has them as numbers."""

    @property
    def value_type(self) -> ValueType:
        """The type of the query's value."""
        return self.root.value_type

    @property
    def metric_names(self) -> frozenset[str]:
        """Every metric name that the query selects by equality."""
        return frozenset(selector.metric_name for selector in self.selectors if selector.metric_name)

    @property
    def longest_range_ms(self) -> int:
        """The longest range that the query looks back over; 0 where it asks for the newest samples only."""
        nodes = (node for node, _ in walk(self.instant_root))
        ranges = (node.range_ms for node in nodes if isinstance(node, MatrixSelector | Subquery))
        return max(ranges, default=0)

    @property
    def instant_root(self) -> Expr:
        """The tree with the durations of an instant query, as rules have them, however it is shown."""
        return _instant(self.root) if self.is_computed else self.root

    def resolved(self, start_ms: int, end_ms: int, step_ms: int) -> "Expression":
        """The same with durations as numbers, for the first and last moment of a query and its step.

        Raises `QueryError` where a duration makes no sense then.
        """
        if not self.is_computed:
            return self
        root = resolve(self.root, step_ms, end_ms - start_ms)
        return Expression(self.text, root, self.selectors)

    def __str__(self) -> str:
        return format_expression(self.root)


def parse(text: str, *, limits: Limits | None = None, lookback_ms: int = DEFAULT_LOOKBACK_MS) -> Expression:
    """Parse and check a query.

    Raises `QueryError` with line and column, also for text that is too long or too deeply nested.
    """
    limits = limits or Limits()
    if len(text) > limits.expression_chars:
        raise QueryError(f"expression is longer than {limits.expression_chars} characters")
    if not text.isascii():
        _check_unicode(text)
    root = Parser(text, limits.nesting).parse()
    selectors: list[Selector] = []
    for node, depth in walk(root):
        if depth > limits.nesting:
            raise syntax_error(text, node.start, f"nested more than {limits.nesting} levels deep")
    is_computed = has_durations(root)
    _collect(_instant(root) if is_computed else root, 0, None, lookback_ms, selectors)
    return Expression(text, root, tuple(selectors), is_computed)


def _instant(root: Expr) -> Expr:
    """The tree as an instant query has it; as it is where it cannot be evaluated in one."""
    try:
        return resolve(root, 0, 0)
    except QueryError:
        return root


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise syntax_error(text, error.start, "invalid UTF-8") from None


def _collect(node: Expr, history_ms: int, at_ms: int | None, range_ms: int, found: list[Selector]) -> None:
    """Add the selectors below `node`; `history_ms` and `at_ms` sum up the subqueries above."""
    if isinstance(node, VectorSelector):
        found.append(_selector(node, history_ms, at_ms, range_ms))
    elif isinstance(node, MatrixSelector):
        found.append(_selector(node.selector, history_ms, at_ms, node.range_ms))
    else:
        if isinstance(node, Subquery):
            history_ms, at_ms = _shift(node, history_ms, at_ms)
            history_ms += node.range_ms
        for child in node.children:
            _collect(child, history_ms, at_ms, range_ms, found)


def _shift(node: VectorSelector | Subquery, history_ms: int, at_ms: int | None) -> tuple[int, int | None]:
    if isinstance(node.at_ms, int):
        return node.offset_ms, node.at_ms
    if isinstance(node.at_ms, Edge):
        return node.offset_ms, None
    return history_ms + node.offset_ms, at_ms


def _selector(node: VectorSelector, history_ms: int, at_ms: int | None, range_ms: int) -> Selector:
    history_ms, at_ms = _shift(node, history_ms, at_ms)
    names = [m.value for m in node.matchers if m.name == "__name__" and m.op == "=" and m.value]
    return Selector(node.matchers, names[0] if names else "", max(0, history_ms + range_ms), at_ms)
