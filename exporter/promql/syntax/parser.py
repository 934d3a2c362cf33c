"""The parser climbs operator precedence by recursive descent, and places every fault.

The grammar is that of github.com/prometheus/prometheus, promql/parser/generated_parser.y (3.x) without what
Prometheus enables only by feature flags: those are named and refused.
"""

from typing import Final, NoReturn

from exporter.errors import QueryError
from exporter.promql.syntax.checks import Checker
from exporter.promql.syntax.nodes import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Expr,
    Matching,
    NumberLiteral,
    Paren,
    StringLiteral,
    Unary,
)
from exporter.promql.syntax.postfix import parse_postfix
from exporter.promql.syntax.selectors import parse_label_names, parse_selector, starts_selector
from exporter.promql.syntax.signatures import (
    EXPERIMENTAL_AGGREGATORS,
    EXPERIMENTAL_FUNCTIONS,
    FUNCTIONS,
    PARAMETER_TYPES,
    Signature,
)
from exporter.promql.syntax.stream import TokenStream
from exporter.promql.syntax.tokens import SET_OPERATORS, Kind, Token

_BINDING: Final = {
    "or": 1,
    "and": 2,
    "unless": 2,
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
_POWER: Final = _BINDING["^"]
_LITERALS: Final = (Kind.NUMBER, Kind.DURATION, Kind.STRING)
_FILL_MODIFIERS: Final = ("fill", "fill_left", "fill_right")


class Parser:
    """Parses one query; `nesting` bounds how deep parentheses, signs and powers may go."""

    def __init__(self, text: str, nesting: int) -> None:
        self._stream = TokenStream(text)
        self._checker = Checker(text)
        self._nesting = nesting
        self._depth = 0
        self._mistake: QueryError | None = None

    def parse(self) -> Expr:
        """The whole query. Raises `QueryError`."""
        if self._stream.peek().kind is Kind.END:
            self._stream.fail(0, "no expression found in input")
        root = self._expression(1)
        if self._stream.peek().kind is not Kind.END:
            self._stream.unexpected()
        if self._mistake is not None:
            raise self._mistake
        return root

    def _built(self, node: Expr) -> Expr:
        # Semantic errors are reported only of a query that is well-formed to its end.
        try:
            self._checker.check(node)
        except QueryError as mistake:
            self._mistake = self._mistake or mistake
        return node

    def _expression(self, least_binding: int) -> Expr:
        self._depth += 1
        if self._depth > self._nesting:
            self._too_deep()
        left = self._unary()
        for _ in range(self._depth, self._nesting + 1):
            op = self._operator()
            binding = _BINDING.get(op, 0)
            if binding < least_binding:
                self._depth -= 1
                return left
            left = self._binary(left, op, binding)
        return self._too_deep()

    def _too_deep(self) -> NoReturn:
        self._stream.fail(self._stream.peek().start, f"nested more than {self._nesting} levels deep")

    def _operator(self) -> str:
        token = self._stream.peek()
        return token.text if token.kind in (Kind.SYMBOL, Kind.KEYWORD) else ""

    def _binary(self, left: Expr, op: str, binding: int) -> Expr:
        stream = self._stream
        op_start = stream.advance().start
        returns_bool = stream.peek().is_keyword("bool")
        if returns_bool:
            stream.advance()
        matching = self._matching(op)
        right = self._expression(binding if binding == _POWER else binding + 1)
        node = Binary(
            op=op,
            op_start=op_start,
            left=left,
            right=right,
            returns_bool=returns_bool,
            matching=matching,
            start=left.start,
            end=right.end,
        )
        return self._built(node)

    def _matching(self, op: str) -> Matching:
        stream = self._stream
        cardinality = Cardinality.MANY_TO_MANY if op in SET_OPERATORS else Cardinality.ONE_TO_ONE
        on = False
        labels: tuple[str, ...] = ()
        include: tuple[str, ...] = ()
        if stream.peek().is_keyword("on", "ignoring"):
            on = stream.advance().text == "on"
            labels = parse_label_names(stream)
            if stream.peek().is_keyword("group_left", "group_right"):
                many_left = stream.advance().text == "group_left"
                cardinality = Cardinality.MANY_TO_ONE if many_left else Cardinality.ONE_TO_MANY
                include = parse_label_names(stream, optional=True)
        token = stream.peek()
        if token.text.lower() in _FILL_MODIFIERS and stream.following.is_symbol("("):
            stream.fail(token.start, "binop fill modifiers are experimental and not supported")
        return Matching(cardinality, on, labels, include)

    def _unary(self) -> Expr:
        token = self._stream.peek()
        if not (token.is_symbol("-") or token.is_symbol("+")):
            return self._postfix(self._primary())
        self._stream.advance()
        operand = self._expression(_POWER)
        if isinstance(operand, NumberLiteral):
            value = -operand.value if token.text == "-" else operand.value
            return NumberLiteral(
                value=value, is_duration=operand.is_duration, start=token.start, end=operand.end
            )
        return self._built(Unary(op=token.text, expr=operand, start=token.start, end=operand.end))

    def _postfix(self, node: Expr) -> Expr:
        while (extended := parse_postfix(self._stream, node)) is not None:
            node = self._built(extended)
        return node

    def _primary(self) -> Expr:
        stream = self._stream
        token = stream.peek()
        if token.kind in (Kind.NUMBER, Kind.DURATION):
            is_duration = token.kind is Kind.DURATION
            return NumberLiteral(
                value=stream.number(), is_duration=is_duration, start=token.start, end=token.end
            )
        if token.kind is Kind.STRING:
            return StringLiteral(value=stream.string(any_bytes=True), start=token.start, end=token.end)
        if token.is_symbol("("):
            return self._parenthesised()
        if token.kind is Kind.AGGREGATOR and (
            stream.following.is_symbol("(") or stream.following.is_keyword("by", "without")
        ):
            return self._aggregate()
        if token.kind is Kind.IDENTIFIER and stream.following.is_symbol("("):
            return self._call()
        if not starts_selector(token):
            stream.unexpected()
        return self._built(parse_selector(stream))

    def _parenthesised(self) -> Expr:
        start = self._stream.advance().start
        inner = self._expression(1)
        self._stream.expect(")")
        return Paren(expr=inner, start=start, end=self._stream.last_end)

    def _arguments(self) -> list[Expr]:
        stream = self._stream
        stream.expect("(")
        arguments: list[Expr] = []
        if stream.accept(")"):
            return arguments
        while True:
            arguments.append(self._expression(1))
            if stream.accept(")"):
                return arguments
            comma = stream.expect(",")
            if not _starts_expression(stream.peek()):
                stream.fail(comma.start, "trailing commas not allowed in function call args")

    def _call(self) -> Expr:
        token = self._stream.advance()
        arguments = self._arguments()
        function = self._function(token)
        node = Call(function=function, args=tuple(arguments), start=token.start, end=self._stream.last_end)
        return self._built(node)

    def _function(self, token: Token) -> Signature:
        name = token.text
        function = FUNCTIONS.get(name)
        if function is not None:
            return function
        if name in EXPERIMENTAL_FUNCTIONS:
            self._stream.fail(token.start, f'function "{name}" is experimental and not supported')
        return self._stream.fail(token.start, f'unknown function with name "{name}"')

    def _aggregate(self) -> Expr:
        stream = self._stream
        token = stream.advance()
        if token.text in EXPERIMENTAL_AGGREGATORS:
            stream.fail(token.start, f"{token.text}() is experimental and not supported")
        modifier = self._grouping()
        outside, stream.enclosing = stream.enclosing, "aggregation"
        arguments = self._arguments()
        stream.enclosing = outside
        without, grouping = modifier or self._grouping() or (False, ())
        wanted = 2 if token.text in PARAMETER_TYPES else 1
        if not arguments:
            stream.fail(token.start, "no arguments for aggregate expression provided")
        if len(arguments) != wanted:
            stream.fail(
                token.start,
                "wrong number of arguments for aggregate expression provided, "
                f"expected {wanted}, got {len(arguments)}",
            )
        node = Aggregate(
            op=token.text,
            expr=arguments[-1],
            param=arguments[0] if wanted == 2 else None,
            grouping=grouping,
            without=without,
            start=token.start,
            end=stream.last_end,
        )
        return self._built(node)

    def _grouping(self) -> tuple[bool, tuple[str, ...]] | None:
        if not self._stream.peek().is_keyword("by", "without"):
            return None
        without = self._stream.advance().text == "without"
        return without, parse_label_names(self._stream)


def _starts_expression(token: Token) -> bool:
    return starts_selector(token) or token.kind in _LITERALS or token.text in ("(", "+", "-")
