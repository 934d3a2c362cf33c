"""The expression parser turns the tokens of an action into a pipeline.

Source of the rules: text/template/parse/parse.go of Go 1.24.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from exporter.errors import TemplateError
from exporter.gotemplate.lexer import Kind, Token
from exporter.gotemplate.literals import parse_character, parse_number, unquote
from exporter.gotemplate.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Number,
    Operand,
    Pipeline,
    Text,
    Variable,
)
from exporter.gotemplate.source import Source

_OPERANDS: Final = frozenset(
    {
        Kind.BOOL,
        Kind.CHARACTER,
        Kind.FIELD,
        Kind.IDENTIFIER,
        Kind.LEFT_PAREN,
        Kind.NUMBER,
        Kind.RAW_STRING,
        Kind.STRING,
        Kind.VARIABLE,
    }
)


class ExpressionParser:
    """The token stream, the variables in scope, and the parser of pipelines."""

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        functions: Collection[str],
        variables: Collection[str],
        nesting: int,
    ) -> None:
        self.source = source
        self._tokens = tokens
        self._index = 0
        self._functions = functions
        self._variables = ["$", *variables]
        self._nesting = nesting
        self._depth = 0

    # --- the token stream -------------------------------------------------------------------------------

    def peek(self) -> Token:
        """Return the next token without consuming it."""
        return self._tokens[self._index]

    def next_token(self) -> Token:
        """Consume the next token."""
        token = self._tokens[self._index]
        if token.kind is not Kind.END:
            self._index += 1
        return token

    def peek_non_space(self, count: int) -> Token:
        """Return the token after `count` further ones that are not space."""
        index = self._index
        while True:
            token = self._tokens[index]
            if token.kind is not Kind.SPACE:
                if count == 0 or token.kind is Kind.END:
                    return token
                count -= 1
            index += 1

    def next_non_space(self) -> Token:
        """Consume tokens up to the next one that is not space."""
        while (token := self.next_token()).kind is Kind.SPACE:
            pass
        return token

    def backup(self, token: Token) -> None:
        """Back up over this token, the last one that was consumed."""
        if token.kind is not Kind.END:
            self._index -= 1

    def expect(self, kind: Kind, context: str) -> None:
        """Consume the next token that is not space; raises `TemplateError` unless it is of this kind."""
        token = self.next_non_space()
        if token.kind is not kind:
            raise self.unexpected(token, context)

    def unexpected(self, token: Token, context: str) -> TemplateError:
        """Return the error of a token that may not be there."""
        return self.source.error(token.offset, f"unexpected {token} in {context}")

    def unquote(self, token: Token) -> str:
        """Return the value of a string token; raises `TemplateError`."""
        try:
            return unquote(token.text)
        except ValueError as error:
            raise self.source.error(token.offset, str(error)) from error

    # --- scopes -----------------------------------------------------------------------------------------

    @contextmanager
    def scope(self, *, fresh: bool = False) -> Iterator[None]:
        """Forget the variables declared within; with `fresh`, hide those from outside too."""
        outer = self._variables
        self._variables = ["$"] if fresh else list(outer)
        yield
        self._variables = outer

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count one level of nesting."""
        self._depth += 1
        if self._depth > self._nesting:
            raise self.source.error(self.peek().offset, f"nested deeper than {self._nesting} levels")
        yield
        self._depth -= 1

    # --- pipelines --------------------------------------------------------------------------------------

    def parse_pipeline(self, context: str, closer: Kind) -> Pipeline:
        """Parse a pipeline up to and with the token that closes it."""
        offset = self.peek_non_space(0).offset
        with self.nested():
            variables, assigns = self._parse_declaration(context)
            commands: list[Command] = []
            while (token := self.next_non_space()).kind is not closer:
                if not _starts_operand(token):
                    raise self.unexpected(token, context)
                self.backup(token)
                commands.append(self._parse_command())
        if not commands:
            raise self.source.error(offset, f"missing value for {context}")
        self._check_stages(commands)
        return Pipeline(offset, tuple(commands), variables, assigns)

    def _check_stages(self, commands: list[Command]) -> None:
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.operands[0], (Bool, Dot, Nil, Number, Text)):
                raise self.source.error(command.offset, f"non executable command in pipeline stage {stage}")

    def _parse_declaration(self, context: str) -> tuple[tuple[str, ...], bool]:
        """The variables that a pipeline sets, and whether they existed before."""
        first, mark = self.peek_non_space(0), self.peek_non_space(1)
        if first.kind is not Kind.VARIABLE or mark.kind not in (Kind.DECLARE, Kind.ASSIGN, Kind.COMMA):
            return (), False
        names = [self.next_non_space().text]
        if self.next_non_space().kind is Kind.COMMA:
            if context != "range":
                raise self.source.error(mark.offset, f"too many declarations in {context}")
            second = self.next_non_space()
            mark = self.next_non_space()
            if second.kind is not Kind.VARIABLE or mark.kind not in (Kind.DECLARE, Kind.ASSIGN):
                raise self.source.error(second.offset, "range can only initialize variables")
            names.append(second.text)
        assigns = mark.kind is Kind.ASSIGN
        for name in names:
            if assigns:
                self._check_variable(name, first)
            else:
                self._variables.append(name)
        return tuple(names), assigns

    def _check_variable(self, name: str, token: Token) -> None:
        if name not in self._variables:
            raise self.source.error(token.offset, f'undefined variable "{name}"')

    def _parse_command(self) -> Command:
        operands: list[Operand] = []
        offset = self.peek_non_space(0).offset
        while True:
            token = self.next_non_space()
            if _starts_operand(token):
                self.backup(token)
                operands.append(self._parse_operand())
                token = self.next_token()
                if token.kind is Kind.SPACE:
                    continue
            if token.kind in (Kind.RIGHT, Kind.RIGHT_PAREN):
                self.backup(token)
                break
            if token.kind is not Kind.PIPE:
                raise self.unexpected(token, "operand")
            break
        return Command(offset, tuple(operands))

    def _parse_operand(self) -> Operand:
        operand = self._parse_term()
        names: list[str] = []
        while self.peek().kind is Kind.FIELD:
            names.append(self.next_token().text[1:])
        if not names:
            return operand
        if isinstance(operand, Field):
            return Field(operand.offset, operand.names + tuple(names))
        if isinstance(operand, Variable):
            return Variable(operand.offset, operand.name, operand.names + tuple(names))
        if isinstance(operand, (Bool, Text, Number, Nil, Dot)):
            raise self.source.error(operand.offset, "unexpected . after a literal term")
        return Chain(operand.offset, operand, tuple(names))

    def _parse_term(self) -> Operand:
        token = self.next_token()
        offset = token.offset
        match token.kind:
            case Kind.KEYWORD:
                return Dot(offset) if token.text == "." else Nil(offset)
            case Kind.BOOL:
                return Bool(offset, token.text == "true")
            case Kind.STRING | Kind.RAW_STRING:
                return Text(offset, self.unquote(token))
            case Kind.NUMBER | Kind.CHARACTER:
                return self._parse_number(token)
            case Kind.FIELD:
                return Field(offset, (token.text[1:],))
            case Kind.VARIABLE:
                self._check_variable(token.text, token)
                return Variable(offset, token.text)
            case Kind.LEFT_PAREN:
                return self.parse_pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
            case _:
                return self._parse_identifier(token)

    def _parse_identifier(self, token: Token) -> Identifier:
        if token.text not in self._functions:
            raise self.source.error(token.offset, f'function "{token.text}" not defined')
        return Identifier(token.offset, token.text)

    def _parse_number(self, token: Token) -> Number:
        parse = parse_character if token.kind is Kind.CHARACTER else parse_number
        try:
            return parse(token.text, token.offset)
        except ValueError as error:
            raise self.source.error(token.offset, str(error)) from error


def _starts_operand(token: Token) -> bool:
    return token.kind in _OPERANDS or (token.kind is Kind.KEYWORD and token.text in (".", "nil"))
