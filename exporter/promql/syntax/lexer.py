"""The lexer splits a query into tokens."""

import re
from typing import Final, NoReturn

from exporter.model.quoting import quote_character
from exporter.promql.syntax.tokens import AGGREGATORS, KEYWORDS, Kind, Token

# What was taken is not given back (`++`): a long text that is no token would take its length squared.
_BLANK: Final = re.compile(r"(?:[ \t\r\n]++|#[^\r\n]*+)++")
_WORD: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER: Final = re.compile(
    r"(?:0[xX][0-9a-fA-F_]++|(?:[0-9][0-9_]*+\.?+[0-9_]*+|\.[0-9][0-9_]*+)(?:[eE][+-]?[0-9][0-9_]*+)?+)"
    r"(?![A-Za-z0-9_.])"
)
# Wrong units such as `hs`, and fractions, are reported by the reader of the duration.
_DURATION: Final = re.compile(
    r"(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)[smhdwy]s?+(?:[0-9]++[smhdw]s?+)*+(?![A-Za-z0-9_])"
)
# How far Prometheus reads on before it gives a number up: over the digits, a point or exponent too many, then
# over units and the digits between them, and one character more.
_BAD_NUMBER: Final = re.compile(
    r"(?:0[xX][0-9a-fA-F_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?(?:\.|(?<=\.)_)?)"
    r"(?:[smhdwy]s?+(?:[0-9]++[smhdw]s?+)*+(?:[0-9]++|.)?)?"
)
_WRONG_UNDERSCORE: Final = re.compile(r"(?<=[0-9a-fA-F])_(?:[._]|[eE](?![0-9a-fA-F])|$)")
_LONGEST_SHOWN: Final = 40
_SYMBOL: Final = re.compile(r"==|!=|<=|>=|</|>/|[-+*/%^=<>(){}\[\],@:]")
_BRACE_SYMBOL: Final = re.compile(r"=~|!~|!=|[={},]")
_STRING: Final = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`", re.DOTALL)
# The characters of arithmetic on durations; only these may be in square brackets before the first number.
_DURATION_WORD: Final = re.compile(r"(?:step|range|min_of|max_of)\b", re.I)
_DURATION_SYMBOLS: Final = "-+*/%^(),:]"


class _LexicalError(Exception):
    """A place at which there is no token; the message is worded as that of Prometheus."""

    def __init__(self, at_ms: int, message: str) -> None:
        super().__init__(message)
        self.at = at_ms


class Lexer:
    """Reads one query; what a word is depends on the bracket that is open."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._in_braces = False
        self._in_brackets = False
        self._has_number = False
        self._has_colon = False

    def tokens(self) -> list[Token]:
        """All tokens, the last of kind END, or of kind ERROR at the first place that is none."""
        found = []
        try:
            while self._skip_blank():
                token = self._next()
                self._at = token.end
                found.append(token)
            self._check_end()
        except _LexicalError as fault:
            found.append(Token(Kind.ERROR, str(fault), fault.at, fault.at))
        else:
            found.append(Token(Kind.END, "", len(self._text), len(self._text)))
        return found

    def _skip_blank(self) -> bool:
        blank = _BLANK.match(self._text, self._at)
        if blank is not None:
            self._at = blank.end()
        return self._at < len(self._text)

    def _check_end(self) -> None:
        if self._in_braces:
            self._fail("unexpected end of input inside braces")
        if self._in_brackets and not self._has_number:
            self._fail("unexpected end of input in duration expression")
        if self._depth:
            self._fail("unclosed left parenthesis")
        if self._in_brackets:
            self._fail("unclosed left bracket")

    def _fail(self, message: str, at_ms: int | None = None) -> NoReturn:
        raise _LexicalError(self._at if at_ms is None else at_ms, message)

    def _next(self) -> Token:
        first = self._text[self._at]
        if self._in_brackets:
            self._check_in_brackets(first)
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
        return self._symbol(first)

    def _check_in_brackets(self, first: str) -> None:
        if first == ":":
            if self._has_colon:
                self._fail("unexpected colon ':'")
            if not self._has_number:
                self._fail("unexpected colon before duration in duration expression", self._at + 1)
            self._has_colon = True
        elif first in "0123456789.":
            self._has_number = True
        elif not self._has_number and first not in _DURATION_SYMBOLS:
            if _DURATION_WORD.match(self._text, self._at) is None:
                self._fail(f"unexpected character in duration expression: {_character(first)}")
            self._has_number = True
        elif _LABEL.match(self._text, self._at) and not _DURATION_WORD.match(self._text, self._at):
            self._fail(f"unexpected character: {_character(first)}, expected ':'")

    def _take(self, kind: Kind, end: int) -> Token:
        return Token(kind, self._text[self._at : end], self._at, end)

    def _string(self) -> Token:
        match = _STRING.match(self._text, self._at)
        if match is None:
            if self._text[self._at] == "`":
                self._fail("unterminated raw string")
            rest = self._text[self._at :]
            escapes = len(rest) - len(rest.rstrip("\\"))
            self._fail("escape sequence not terminated" if escapes % 2 else "unterminated quoted string")
        return self._take(Kind.STRING, match.end())

    def _number(self) -> Token:
        for pattern, kind in ((_NUMBER, Kind.NUMBER), (_DURATION, Kind.DURATION)):
            match = pattern.match(self._text, self._at)
            if match is not None:
                self._check_underscores(match)
                return self._take(kind, match.end())
        bad = _BAD_NUMBER.match(self._text, self._at)
        shown = bad.group()[:_LONGEST_SHOWN] if bad is not None else ""
        return self._fail(f'bad number or duration syntax: "{shown}"')

    def _check_underscores(self, number: re.Match[str]) -> None:
        """No underscore may be before another one, a point or an exponent, or at the end of the text."""
        wrong = _WRONG_UNDERSCORE.search(number.group())
        if wrong is not None and (wrong.group() != "_" or number.end() == len(self._text)):
            self._fail(f'bad number or duration syntax: "{number.group()[: wrong.end()][:_LONGEST_SHOWN]}"')

    def _inside_braces(self) -> Token:
        word = _LABEL.match(self._text, self._at)
        if word is not None:
            return self._take(Kind.IDENTIFIER, word.end())
        match = _BRACE_SYMBOL.match(self._text, self._at)
        if match is None:
            self._refuse_in_braces(self._text[self._at], self._text[self._at + 1 : self._at + 2])
        if match.group() == "{":
            self._fail("unexpected left brace '{'")
        if match.group() == "}":
            self._in_braces = False
        return self._take(Kind.SYMBOL, match.end())

    def _refuse_in_braces(self, character: str, following: str) -> NoReturn:
        if character == "!":
            self._fail(f"unexpected character after '!' inside braces: {_character(following)}")
        self._fail(f"unexpected character inside braces: {_character(character)}")

    def _symbol(self, first: str) -> Token:
        match = _SYMBOL.match(self._text, self._at)
        following = self._text[self._at + 1 : self._at + 2]
        if (first == "!" and following != "=") or (first == "=" and following == "~"):
            self._fail(f"unexpected character after '{first}': {_character(following)}")
        if match is None or first == "}":
            self._fail(f"unexpected character: {_character(first)}")
        symbol = match.group()
        if symbol in ("</", ">/"):
            self._fail(f'operator "{symbol}" works on native histograms, which are not supported')
        self._track(symbol)
        return self._take(Kind.SYMBOL, match.end())

    def _track(self, symbol: str) -> None:
        """Note which brackets are open."""
        if symbol == "{":
            self._in_braces = True
        elif symbol == "[":
            if self._in_brackets:
                self._fail("unexpected left bracket '['")
            self._in_brackets, self._has_number, self._has_colon = True, False, False
        elif symbol == "]":
            if not self._in_brackets:
                self._fail("unexpected right bracket ']'")
            self._in_brackets = False
        elif symbol == "(":
            self._depth += 1
        elif symbol == ")":
            self._depth -= 1
            if self._depth < 0:
                self._fail("unexpected right parenthesis ')'", self._at + 1)


def _character(text: str) -> str:
    """A character as Go's `%q` prints it; of nothing, what Go reads at the end of the text."""
    return quote_character(ord(text)) if text else quote_character(0xFFFD)


def _classify(word: str, start: int) -> Token:
    end = start + len(word)
    lower = word.lower()
    if lower in AGGREGATORS:
        return Token(Kind.AGGREGATOR, lower, start, end)
    if lower in KEYWORDS:
        return Token(Kind.KEYWORD, lower, start, end)
    if lower in ("inf", "nan"):
        return Token(Kind.NUMBER, word, start, end)
    return Token(Kind.METRIC_IDENTIFIER if ":" in word else Kind.IDENTIFIER, word, start, end)
