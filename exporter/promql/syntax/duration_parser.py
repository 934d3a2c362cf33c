"""Durations in a query, in brackets and behind `offset`: numbers of seconds, durations, arithmetic on them.

The grammar is `duration_expr` and `offset_duration_expr` of github.com/prometheus/prometheus,
promql/parser/generated_parser.y (3.14).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from exporter.promql.syntax.durations import MAX_SECONDS
from exporter.promql.syntax.nodes import DurationOperation, NumberLiteral
from exporter.promql.syntax.stream import TokenStream
from exporter.promql.syntax.tokens import Kind, Token

Duration = NumberLiteral | DurationOperation

EXPECTED: Final = "number, duration, step(), or range()"

_BINDING: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}
_POWER: Final = 3
_ZERO_DIVISION: Final = {"/": "division by zero", "%": "modulo by zero"}
_MOST_PARTS: Final = 60


class DurationParser:
    """Parses one duration; `context` is what it belongs to, for errors."""

    def __init__(self, stream: TokenStream, context: str, expected: str = EXPECTED) -> None:
        self._stream = stream
        self._context = context
        self._expected = expected
        self._parts = 0

    def whole(self) -> Duration:
        """A duration in brackets: all up to `:` or `]`."""
        return self._expression(1)

    def offset(self) -> Duration:
        """A duration behind `offset`; it ends with a number: `offset 1m * 2` multiplies what is before."""
        stream = self._stream
        sign = stream.peek()
        if sign.text not in ("+", "-") or sign.kind is not Kind.SYMBOL:
            return self._expression(1) if sign.is_symbol("(") else self._primary()
        if not (stream.following.is_symbol("(") or self._is_primary(stream.following)):
            return self._expression(1)
        stream.advance()
        if stream.peek().is_symbol("("):
            return self._signed(sign, self._primary())
        operand = self._primary(sign.start)
        if isinstance(operand, NumberLiteral):
            return self._signed(sign, operand)
        return DurationOperation(op=sign.text, right=operand, start=sign.start, end=operand.end)

    def _expression(self, least_binding: int) -> Duration:
        left = self._unary()
        while True:
            token = self._stream.peek()
            binding = _BINDING.get(token.text, 0) if token.kind is Kind.SYMBOL else 0
            if binding < least_binding:
                return left
            self._stream.advance()
            right = self._expression(binding if binding == _POWER else binding + 1)
            if token.text in _ZERO_DIVISION and isinstance(right, NumberLiteral) and right.value == 0:
                self._stream.fail(token.start, _ZERO_DIVISION[token.text])
            left = DurationOperation(op=token.text, left=left, right=right, start=left.start, end=right.end)

    def _unary(self) -> Duration:
        self._count()
        token = self._stream.peek()
        if not (token.is_symbol("-") or token.is_symbol("+")):
            return self._primary()
        self._stream.advance()
        return self._signed(token, self._expression(_POWER))

    def _signed(self, sign: Token, operand: Duration) -> Duration:
        if isinstance(operand, NumberLiteral):
            value = -operand.value if sign.text == "-" else operand.value
            return replace(operand, value=value, start=sign.start)
        if sign.text == "+":
            return operand
        return DurationOperation(op="-", right=operand, start=sign.start, end=operand.end)

    def _primary(self, sign_start: int | None = None) -> Duration:
        stream, token = self._stream, self._stream.peek()
        if token.kind in (Kind.NUMBER, Kind.DURATION):
            return self._number(token, token.start if sign_start is None else sign_start)
        if token.is_symbol("("):
            return self._parenthesised()
        word = token.text.lower()
        read = self._words().get(word) if self._is_primary(token) else None
        if read is None:
            stream.unexpected(self._context, self._expected)
        stream.advance()
        self._expect("(")
        left, right = read()
        self._expect(")")
        return DurationOperation(op=word, left=left, right=right, start=token.start, end=stream.last_end)

    def _words(self) -> dict[str, Callable[[], tuple[Duration | None, Duration | None]]]:
        return {"step": _nothing, "range": _nothing, "min_of": self._pair, "max_of": self._pair}

    def _is_primary(self, token: Token) -> bool:
        if token.kind is Kind.IDENTIFIER:
            return token.text.lower() in self._words()
        return token.kind in (Kind.NUMBER, Kind.DURATION)

    def _pair(self) -> tuple[Duration, Duration]:
        left = self._expression(1)
        self._expect(",")
        return left, self._expression(1)

    def _expect(self, symbol: str) -> None:
        if not self._stream.accept(symbol):
            self._stream.unexpected(self._context, self._expected)

    def _number(self, token: Token, start: int) -> NumberLiteral:
        seconds = self._stream.number()
        # Not a plain comparison, so that NaN is refused as well.
        if not seconds <= MAX_SECONDS:
            self._stream.fail(start, "duration out of range")
        return NumberLiteral(
            value=seconds, is_duration=token.kind is Kind.DURATION, start=start, end=token.end
        )

    def _parenthesised(self) -> DurationOperation:
        start = self._stream.advance().start
        inner = self._expression(1)
        self._expect(")")
        if isinstance(inner, DurationOperation):
            return replace(inner, is_wrapped=True)
        end = self._stream.last_end
        return DurationOperation(op="+", right=inner, is_wrapped=True, start=start, end=end)

    def _count(self) -> None:
        """Bound how many numbers there are, and so how deeply they are nested."""
        self._parts += 1
        if self._parts > _MOST_PARTS:
            self._stream.fail(
                self._stream.peek().start, f"a duration is computed of more than {_MOST_PARTS} parts"
            )


def _nothing() -> tuple[None, None]:
    return None, None
