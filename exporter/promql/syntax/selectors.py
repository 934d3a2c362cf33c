"""Selectors are parsed here: `name{label="value", …}`."""

from typing import Final

from exporter.model.labels import METRIC_NAME
from exporter.model.matcher import InvalidRegexError, Matcher, MatchOp
from exporter.promql.syntax.nodes import VectorSelector
from exporter.promql.syntax.stream import TokenStream
from exporter.promql.syntax.tokens import METRIC_KEYWORDS, Kind, Token

_MATCH_OPERATORS: Final = tuple(op.value for op in MatchOp)
_LABEL_KINDS: Final = (Kind.IDENTIFIER, Kind.KEYWORD, Kind.AGGREGATOR)


def starts_selector(token: Token) -> bool:
    """True if a selector can begin with this token."""
    if token.kind is Kind.KEYWORD:
        return token.text in METRIC_KEYWORDS
    names = (Kind.IDENTIFIER, Kind.METRIC_IDENTIFIER, Kind.AGGREGATOR)
    return token.kind in names or token.is_symbol("{")


def parse_selector(stream: TokenStream) -> VectorSelector:
    """Read a metric name, or braces, or both; the caller has seen that one of them is next."""
    start = stream.peek().start
    name = "" if stream.peek().is_symbol("{") else stream.raw(stream.advance())
    matchers = _parse_matchers(stream) if stream.peek().is_symbol("{") else []
    if name:
        matchers.append(Matcher(METRIC_NAME, MatchOp.EQUAL, name))
    return VectorSelector(name=name, matchers=tuple(matchers), start=start, end=stream.last_end)


def _parse_matchers(stream: TokenStream) -> list[Matcher]:
    stream.advance()
    matchers: list[Matcher] = []
    while not stream.accept("}"):
        matchers.append(_parse_matcher(stream))
        if not stream.accept(",") and not stream.peek().is_symbol("}"):
            stream.unexpected("label matching", '"," or "}"')
    return matchers


def _parse_matcher(stream: TokenStream) -> Matcher:
    token = stream.peek()
    if token.kind not in (Kind.IDENTIFIER, Kind.STRING):
        stream.unexpected("label matching", 'identifier or "}"')
    quoted = token.kind is Kind.STRING
    name = stream.string() if quoted else stream.raw(stream.advance())
    if stream.peek().text not in _MATCH_OPERATORS or stream.peek().kind is not Kind.SYMBOL:
        if quoted:
            return Matcher(METRIC_NAME, MatchOp.EQUAL, name)
        stream.unexpected("label matching", "label matching operator")
    op = MatchOp(stream.advance().text)
    if stream.peek().kind is not Kind.STRING:
        stream.unexpected("label matching", "string")
    return _build_matcher(stream, token, name, op)


def _build_matcher(stream: TokenStream, token: Token, name: str, op: MatchOp) -> Matcher:
    value = stream.string()
    try:
        return Matcher(name, op, value)
    except InvalidRegexError as error:
        stream.fail(token.start, f"error parsing regexp: {error}")


def parse_label_names(stream: TokenStream, *, optional: bool = False) -> tuple[str, ...]:
    """Read `(label, label)`; with `optional` nothing at all is an empty list."""
    if not stream.peek().is_symbol("("):
        if optional:
            return ()
        stream.unexpected("grouping opts", '"("')
    stream.advance()
    names: list[str] = []
    while not stream.accept(")"):
        names.append(_parse_label_name(stream))
        if not stream.accept(",") and not stream.peek().is_symbol(")"):
            stream.unexpected("grouping opts", '"," or ")"')
    return tuple(names)


def _parse_label_name(stream: TokenStream) -> str:
    start = stream.peek().start
    if stream.peek().kind is Kind.STRING:
        return stream.string() or stream.fail(start, 'invalid label name for grouping: ""')
    if stream.peek().kind not in _LABEL_KINDS or stream.peek().is_keyword("without"):
        stream.unexpected("grouping opts", "label")
    return stream.raw(stream.advance())
