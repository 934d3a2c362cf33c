"""A stream reads the tokens of a query one after the other."""

from typing import Final, NoReturn

from exporter.model.quoting import quote
from exporter.promql.syntax.lexer import Lexer
from exporter.promql.syntax.literals import parse_number, parse_seconds, unquote
from exporter.promql.syntax.tokens import Kind, Token, syntax_error

_WORDS: Final = frozenset({"start", "end", "step", "range", "min_of", "max_of"})


class TokenStream:
    """A cursor over the tokens; every failure is a `QueryError` with line and column."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = Lexer(text).tokens()
        self._index = 0
        self.enclosing = ""
        """What an error that gives no context is in."""

    def peek(self) -> Token:
        """The token to read next. Raises `QueryError` where the text goes on with something else."""
        token = self._tokens[self._index]
        if token.kind is Kind.ERROR:
            self.fail(token.start, token.text)
        return token

    @property
    def following(self) -> Token:
        """The token after that."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    @property
    def last_end(self) -> int:
        """The offset at which the token read last ends."""
        return self._tokens[self._index - 1].end if self._index else 0

    def advance(self) -> Token:
        """Read a token."""
        token = self.peek()
        if token.kind is not Kind.END:
            self._index += 1
        return token

    def accept(self, symbol: str) -> bool:
        """Read this symbol if it is next."""
        if self.peek().is_symbol(symbol):
            self._index += 1
            return True
        return False

    def expect(self, symbol: str, context: str = "") -> Token:
        """Read this symbol, which must be next; the error says what was expected in a context."""
        if not self.peek().is_symbol(symbol):
            self.unexpected(context, f'"{symbol}"' if context else "")
        return self.advance()

    def raw(self, token: Token) -> str:
        """The token as it was written."""
        return self.text[token.start : token.end]

    def fail(self, offset: int, message: str) -> NoReturn:
        """Raise an error for an offset."""
        raise syntax_error(self.text, offset, message)

    def unexpected(self, context: str = "", expected: str = "") -> NoReturn:
        """Raise the error that the next token does not fit here."""
        token = self.peek()
        # Prometheus has tokens of their own for these; between braces they are names like any other.
        is_word = token.kind is Kind.IDENTIFIER and token.text.lower() in _WORDS
        shown = quote(token.text) if is_word and context != "label matching" else token.describe()
        message = f"unexpected {shown}"
        if context or self.enclosing:
            message += f" in {context or self.enclosing}"
        if expected:
            message += f", expected {expected}"
        self.fail(token.start, message)

    def string(self, *, any_bytes: bool = False) -> str:
        """Read a string literal, which must be next, and return its value, as `unquote` does."""
        token = self.advance()
        try:
            return unquote(token.text, any_bytes=any_bytes)
        except ValueError as error:
            self.fail(token.start, str(error))

    def number(self) -> float:
        """Read a number or duration, which must be next, and return its value (seconds)."""
        token = self.advance()
        try:
            if token.kind is Kind.DURATION:
                return parse_seconds(token.text)
            return parse_number(token.text)
        except ValueError as error:
            self.fail(token.start, str(error))
