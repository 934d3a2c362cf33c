"""The parser turns tokens into nodes: text, actions and control structures.

Source of the rules: text/template/parse/parse.go of Go 1.24.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from exporter.gotemplate.expressions import ExpressionParser
from exporter.gotemplate.lexer import Kind, Token, tokenize
from exporter.gotemplate.limits import Limits
from exporter.gotemplate.nodes import (
    Action,
    Block,
    Branch,
    Break,
    Call,
    Choice,
    Continue,
    Node,
    Range,
    Text,
    is_empty,
)
from exporter.gotemplate.source import Source


@dataclass(frozen=True, slots=True)
class Definition:
    """A named template, and the text it stands in."""

    name: str
    block: Block
    source: Source


@dataclass(slots=True)
class ParsedText:
    """A parsed text: itself, and the templates that it defines."""

    main: Definition
    definitions: dict[str, Definition] = field(default_factory=dict)


def parse_text(
    source: Source, *, functions: Collection[str], variables: Collection[str], limits: Limits
) -> ParsedText:
    """The nodes of a text in which these functions and variables exist besides `$`.

    Raises `TemplateError`.
    """
    if len(source.text) > limits.source_characters:
        raise source.error(0, f"the template is longer than {limits.source_characters} characters")
    return _Parser(source, tokenize(source), functions, variables, limits.nesting).run()


class _Parser(ExpressionParser):
    """A parser by recursive descent; `parse` methods begin behind the word that names them."""

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        functions: Collection[str],
        variables: Collection[str],
        nesting: int,
    ) -> None:
        super().__init__(source, tokens, functions, variables, nesting)
        self._definitions: dict[str, Definition] = {}
        self._ranges = 0

    def run(self) -> ParsedText:
        nodes: list[Node] = []
        while self.peek().kind is not Kind.END:
            if self._at_action("define"):
                self._parse_definition()
            else:
                nodes.append(self._parse_node())
        main = Definition(self.source.name, tuple(nodes), self.source)
        return ParsedText(main, self._definitions)

    def _at_action(self, *keywords: str) -> bool:
        """Tell whether an action begins here whose first word is one of these."""
        if self.peek().kind is not Kind.LEFT:
            return False
        word = self.peek_non_space(1)
        return word.kind is Kind.KEYWORD and word.text in keywords

    def _parse_block(self, *closers: str) -> Block:
        """Parse everything up to the action that begins with one of these words, which stays unread."""
        nodes: list[Node] = []
        with self.nested():
            while not self._at_action(*closers):
                nodes.append(self._parse_node())
        return tuple(nodes)

    def _parse_node(self) -> Node:
        token = self.next_token()
        if token.kind is Kind.TEXT:
            return Text(token.offset, token.text)
        if token.kind is not Kind.LEFT:
            raise self.unexpected(token, "input")
        word = self.next_non_space()
        if word.kind is Kind.KEYWORD and word.text not in (".", "nil"):
            return self._parse_control(word)
        self.backup(word)
        return Action(word.offset, self.parse_pipeline("command", Kind.RIGHT))

    def _parse_control(self, word: Token) -> Node:
        match word.text:
            case "if" | "with":
                return self._parse_choice(word)
            case "range":
                return self._parse_range(word)
            case "template":
                return self._parse_call(word)
            case "block":
                return self._parse_inline_definition(word)
            case "break" | "continue":
                return self._parse_jump(word)
            case _:
                raise self.unexpected(word, "command")

    def _parse_choice(self, word: Token) -> Choice:
        with self.scope():
            branches = [self._parse_branch(word.text)]
            while (continued := self._take_else()) is not None:
                branches.append(self._parse_branch(continued))
            otherwise = self._parse_otherwise(word.text)
        return Choice(word.offset, tuple(branches), otherwise)

    def _parse_branch(self, keyword: str) -> Branch:
        pipeline = self.parse_pipeline(keyword, Kind.RIGHT)
        with self.scope():
            body = self._parse_block("else", "end")
        return Branch(pipeline, body, sets_dot=keyword == "with")

    def _take_else(self) -> str | None:
        """Read `{{else if` or `{{else with`, and say which it was."""
        if not self._at_action("else"):
            return None
        continued = self.peek_non_space(2)
        if continued.kind is not Kind.KEYWORD or continued.text not in ("if", "with"):
            return None
        self.next_token()
        self.next_non_space()
        return self.next_non_space().text

    def _parse_otherwise(self, context: str) -> Block:
        otherwise: Block = ()
        if self._at_action("else"):
            self._take_plain("else")
            with self.scope():
                otherwise = self._parse_block("else", "end")
        if self._at_action("else"):
            raise self.source.error(self.peek().offset, f"expected end of {context}; found a second else")
        self._take_plain("end")
        return otherwise

    def _take_plain(self, keyword: str) -> None:
        """Read an action that consists of one word."""
        self.next_token()
        self.next_non_space()
        self.expect(Kind.RIGHT, keyword)

    def _parse_range(self, word: Token) -> Range:
        with self.scope():
            pipeline = self.parse_pipeline("range", Kind.RIGHT)
            self._ranges += 1
            with self.scope():
                body = self._parse_block("else", "end")
            self._ranges -= 1
            otherwise = self._parse_otherwise("range")
        return Range(word.offset, pipeline, body, otherwise)

    def _parse_jump(self, word: Token) -> Break | Continue:
        self.expect(Kind.RIGHT, word.text)
        if not self._ranges:
            raise self.source.error(word.offset, f"{{{{{word.text}}}}} outside {{{{range}}}}")
        return Break(word.offset) if word.text == "break" else Continue(word.offset)

    def _parse_call(self, word: Token) -> Call:
        name = self._parse_name("template clause")
        if self.peek_non_space(0).kind is Kind.RIGHT:
            self.next_non_space()
            return Call(word.offset, name, None)
        return Call(word.offset, name, self.parse_pipeline("template clause", Kind.RIGHT))

    def _parse_name(self, context: str) -> str:
        token = self.next_non_space()
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            raise self.unexpected(token, context)
        return self.unquote(token)

    def _parse_inline_definition(self, word: Token) -> Call:
        name = self._parse_name("block clause")
        pipeline = self.parse_pipeline("block clause", Kind.RIGHT)
        self._parse_body_of(name, word)
        return Call(word.offset, name, pipeline)

    def _parse_definition(self) -> None:
        self.next_token()
        word = self.next_non_space()
        name = self._parse_name("define clause")
        self.expect(Kind.RIGHT, "define clause")
        self._parse_body_of(name, word)

    def _parse_body_of(self, name: str, word: Token) -> None:
        with self._separate():
            block = self._parse_block("end", "else")
            if self._at_action("else"):
                raise self.source.error(self.peek().offset, f'unexpected else in the definition of "{name}"')
            self._take_plain("end")
        known = self._definitions.get(name)
        if known is None or is_empty(known.block):
            self._definitions[name] = Definition(name, block, self.source)
        elif not is_empty(block):
            raise self.source.error(word.offset, f'multiple definition of template "{name}"')

    @contextmanager
    def _separate(self) -> Iterator[None]:
        """Hide the variables and the loops around a definition from it."""
        ranges, self._ranges = self._ranges, 0
        with self.scope(fresh=True):
            yield
        self._ranges = ranges
