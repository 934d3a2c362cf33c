"""The lexer cuts a template into tokens.

Source of the rules: text/template/parse/lex.go of Go 1.24.
"""

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from exporter.gotemplate.source import Source


class Kind(Enum):
    """The kind of a token."""

    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    SPACE = auto()
    LEFT_PAREN = auto()
    RIGHT_PAREN = auto()
    PIPE = auto()
    COMMA = auto()
    DECLARE = auto()
    ASSIGN = auto()
    STRING = auto()
    RAW_STRING = auto()
    CHARACTER = auto()
    NUMBER = auto()
    BOOL = auto()
    VARIABLE = auto()
    FIELD = auto()
    IDENTIFIER = auto()
    KEYWORD = auto()
    END = auto()


class Token(NamedTuple):
    """A piece of the template, and where it begins."""

    kind: Kind
    text: str
    offset: int

    def __str__(self) -> str:
        if self.kind is Kind.END:
            return "end of the template"
        if self.kind is Kind.RIGHT:
            return '"}}"'
        shown = self.text if len(self.text) <= 20 else self.text[:20] + "…"
        return f'"{shown}"'


KEYWORDS: Final = frozenset(
    {".", "block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"}
)
_SPACE: Final = " \t\r\n"
_DIGITS: Final = "[0-9_]"
_PATTERNS: Final = (
    (Kind.RIGHT, r"[ \t\r\n]+-\}\}|\}\}"),
    (Kind.SPACE, r"[ \t\r\n]+"),
    (Kind.DECLARE, r":="),
    (Kind.ASSIGN, r"="),
    (Kind.PIPE, r"\|"),
    (Kind.COMMA, r","),
    (Kind.LEFT_PAREN, r"\("),
    (Kind.RIGHT_PAREN, r"\)"),
    (Kind.STRING, r'"(?:[^"\\\n]|\\[^\n])*"'),
    (Kind.RAW_STRING, r"`[^`]*`"),
    (Kind.CHARACTER, r"'(?:[^'\\\n]|\\[^\n])*'"),
    (
        Kind.NUMBER,
        r"[+-]?(?=\.?[0-9])(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
        r"|0[oObB][0-9_]*"
        r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)",
    ),
    (Kind.VARIABLE, r"\$\w*"),
    (Kind.FIELD, r"\.\w+"),
    (Kind.KEYWORD, r"\."),
    (Kind.IDENTIFIER, r"\w+"),
)
_TOKEN: Final = re.compile("|".join(f"(?P<{kind.name}>{pattern})" for kind, pattern in _PATTERNS))
_COMMENT_END: Final = re.compile(r"\}\}|[ \t\r\n]-\}\}")
_TERMINATED: Final = frozenset({Kind.VARIABLE, Kind.FIELD, Kind.IDENTIFIER, Kind.KEYWORD})
_TERMINATORS: Final = frozenset(_SPACE + ".,|:)(}")
_UNTERMINATED: Final = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "unterminated character constant",
    "}": "unexpected } in action: an action ends with two of them",
    ":": "expected :=",
}


def tokenize(source: Source) -> list[Token]:
    """The tokens of a template, closed by one of kind END.

    Raises `TemplateError`.
    """
    return _Lexer(source).run()


class _Lexer:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self._tokens: list[Token] = []
        self._offset = 0

    def run(self) -> list[Token]:
        trim_left = False
        while True:
            left = self._text.find("{{", self._offset)
            end = len(self._text) if left < 0 else left
            trim_right = left >= 0 and self._trims(left + 2)
            self._add_text(end, trim_left=trim_left, trim_right=trim_right)
            if left < 0:
                self._tokens.append(Token(Kind.END, "", end))
                return self._tokens
            self._offset = left + (4 if trim_right else 2)
            trim_left = (
                self._comment(left) if self._text.startswith("/*", self._offset) else self._action(left)
            )

    def _trims(self, offset: int) -> bool:
        """Tell whether the trim marker is here: a minus and white space."""
        return self._text.startswith("-", offset) and self._text[offset + 1 : offset + 2] in tuple(_SPACE)

    def _add_text(self, end: int, *, trim_left: bool, trim_right: bool) -> None:
        text = self._text[self._offset : end]
        offset = self._offset
        if trim_right:
            text = text.rstrip(_SPACE)
        if trim_left:
            offset += len(text) - len(text.lstrip(_SPACE))
            text = text.lstrip(_SPACE)
        if text:
            self._tokens.append(Token(Kind.TEXT, text, offset))

    def _comment(self, left: int) -> bool:
        """Skip a comment; true if it trims what follows."""
        close = self._text.find("*/", self._offset)
        if close < 0:
            raise self._source.error(left, "unclosed comment")
        match = _COMMENT_END.match(self._text, close + 2)
        if match is None:
            raise self._source.error(close, "comment ends before closing delimiter")
        self._offset = match.end()
        return len(match.group()) > 2

    def _action(self, left: int) -> bool:
        """Read one action; true if it trims what follows."""
        self._tokens.append(Token(Kind.LEFT, "{{", left))
        parentheses = 0
        while True:
            token = self._next(left)
            if token.kind is Kind.RIGHT and parentheses:
                raise self._source.error(token.offset, "unclosed left paren")
            if token.kind is Kind.LEFT_PAREN:
                parentheses += 1
            elif token.kind is Kind.RIGHT_PAREN:
                parentheses -= 1
                if parentheses < 0:
                    raise self._source.error(token.offset, "unexpected right paren")
            self._tokens.append(token)
            if token.kind is Kind.RIGHT:
                return len(token.text) > 2

    def _next(self, left: int) -> Token:
        start = self._offset
        match = _TOKEN.match(self._text, start)
        if match is None or match.lastgroup is None:
            raise self._refusal(left)
        kind, text = Kind[match.lastgroup], match.group()
        self._offset = match.end()
        following = self._text[self._offset : self._offset + 1]
        if kind is Kind.NUMBER and (following.isalnum() or following == "_"):
            raise self._source.error(start, f'bad number syntax: "{text}{following}"')
        if kind in _TERMINATED and following and following not in _TERMINATORS:
            raise self._source.error(self._offset, f"bad character {_shown(following)}")
        if kind is Kind.IDENTIFIER:
            kind = _word_kind(text)
        return Token(kind, text, start)

    def _refusal(self, left: int) -> Exception:
        char = self._text[self._offset : self._offset + 1]
        if not char:
            return self._source.error(left, "unclosed action")
        message = _UNTERMINATED.get(char, f"unrecognized character in action: {_shown(char)}")
        return self._source.error(self._offset, message)


def _word_kind(word: str) -> Kind:
    if word in KEYWORDS:
        return Kind.KEYWORD
    return Kind.BOOL if word in ("true", "false") else Kind.IDENTIFIER


def _shown(char: str) -> str:
    code = f"U+{ord(char):04X}"
    return f"{code} '{char}'" if char.isprintable() else code
