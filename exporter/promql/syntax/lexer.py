"""Splits a query into tokens."""

import re
from collections.abc import Callable
from typing import Final

from exporter.promql.syntax.tokens import AGGREGATORS, KEYWORDS, Kind, Token, syntax_error

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)+")
_WORD: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER: Final = re.compile(
    r"(?:0[xX][0-9a-fA-F_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)(?![A-Za-z0-9_.])"
)
_DURATION: Final = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+(?![A-Za-z0-9_])")
_BAD_NUMBER: Final = re.compile(r"[A-Za-z0-9_.]+")
_SYMBOL: Final = re.compile(r"==|!=|<=|>=|</|>/|[-+*/%^=<>(){}\[\],@:]")
_BRACE_SYMBOL: Final = re.compile(r"=~|!~|!=|[={},]")
_STRING: Final = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`", re.DOTALL)


class Lexer:
    """Reads one query; label names, and words in square brackets, are told apart by the open bracket."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._in_braces = False
        self._in_brackets = False

    def tokens(self) -> list[Token]:
        """All tokens, the last of kind END. Raises `QueryError`."""
        found = []
        while True:
            blank = _BLANK.match(self._text, self._at)
            if blank is not None:
                self._at = blank.end()
            if self._at >= len(self._text):
                break
            token = self._next()
            self._at = token.end
            found.append(token)
        if self._in_braces:
            raise syntax_error(self._text, self._at, "unexpected end of input inside braces")
        found.append(Token(Kind.END, "", len(self._text), len(self._text)))
        return found

    def _next(self) -> Token:
        first = self._text[self._at]
        if first in "\"'`":
            return self._string()
        if self._in_braces:
            return self._inside_braces()
        if first in "0123456789" or (first == "." and self._text[self._at + 1 : self._at + 2].isdigit()):
            return self._number()
        if self._in_brackets and first == ":":
            return self._take(Kind.SYMBOL, self._at + 1)
        word = _WORD.match(self._text, self._at)
        if word is not None:
            return _classify(word.group(), self._at)
        return self._symbol()

    def _take(self, kind: Kind, end: int, change: Callable[[str], str] = str) -> Token:
        return Token(kind, change(self._text[self._at : end]), self._at, end)

    def _string(self) -> Token:
        match = _STRING.match(self._text, self._at)
        if match is None:
            kind = "raw string" if self._text[self._at] == "`" else "quoted string"
            raise syntax_error(self._text, self._at, f"unterminated {kind}")
        return self._take(Kind.STRING, match.end())

    def _number(self) -> Token:
        for pattern, kind in ((_NUMBER, Kind.NUMBER), (_DURATION, Kind.DURATION)):
            match = pattern.match(self._text, self._at)
            if match is not None:
                return self._take(kind, match.end())
        bad = _BAD_NUMBER.match(self._text, self._at)
        shown = bad.group()[:40] if bad is not None else ""
        raise syntax_error(self._text, self._at, f'bad number or duration syntax: "{shown}"')

    def _inside_braces(self) -> Token:
        word = _LABEL.match(self._text, self._at)
        if word is not None:
            return self._take(Kind.IDENTIFIER, word.end())
        match = _BRACE_SYMBOL.match(self._text, self._at)
        if match is None or match.group() == "{":
            shown = self._text[self._at]
            raise syntax_error(self._text, self._at, f"unexpected character inside braces: {shown!r}")
        if match.group() == "}":
            self._in_braces = False
        return self._take(Kind.SYMBOL, match.end())

    def _symbol(self) -> Token:
        match = _SYMBOL.match(self._text, self._at)
        if match is None:
            raise syntax_error(self._text, self._at, f"unexpected character: {self._text[self._at]!r}")
        symbol = match.group()
        if symbol in ("</", ">/"):
            raise syntax_error(
                self._text,
                self._at,
                f'operator "{symbol}" works on native histograms, which are not supported',
            )
        if symbol == "{":
            self._in_braces = True
        elif symbol in "[]":
            self._in_brackets = symbol == "["
        return self._take(Kind.SYMBOL, match.end())


def _classify(word: str, start: int) -> Token:
    end = start + len(word)
    lower = word.lower()
    if lower in AGGREGATORS:
        return Token(Kind.AGGREGATOR, lower, start, end)
    if lower in KEYWORDS:
        return Token(Kind.KEYWORD, lower, start, end)
    if lower in ("inf", "nan"):
        return Token(Kind.NUMBER, lower, start, end)
    return Token(Kind.METRIC_IDENTIFIER if ":" in word else Kind.IDENTIFIER, word, start, end)
