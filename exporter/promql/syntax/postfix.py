"""Postfixes follow an expression: `[range]`, `[range:step]`, `offset`, `@`."""

import math
from dataclasses import replace

from exporter.clock import to_milliseconds
from exporter.model.floats import format_float
from exporter.promql.syntax.duration_parser import EXPECTED, DurationParser
from exporter.promql.syntax.nodes import (
    DurationOperation,
    Edge,
    Expr,
    MatrixSelector,
    Subquery,
    VectorSelector,
)
from exporter.promql.syntax.stream import TokenStream
from exporter.promql.syntax.tokens import Kind

_MODIFIED = (VectorSelector, MatrixSelector, Subquery)
_MODIFIABLE = "an instant vector selector or range vector selector or a subquery"
_MAX_SECONDS = 2**63 / 1000
_EXPECTED_STEP = EXPECTED.replace(", or ", ", ")
_EXPERIMENTAL = ("anchored", "smoothed")


def parse_postfix(stream: TokenStream, node: Expr) -> Expr | None:
    """Read one suffix of `node`; None where there is none."""
    token = stream.peek()
    if token.is_symbol("["):
        return _parse_range(stream, node)
    if token.is_keyword("offset"):
        return _parse_offset(stream, node)
    if token.is_symbol("@"):
        return _parse_at(stream, node)
    if token.kind is Kind.IDENTIFIER and token.text.lower() in _EXPERIMENTAL:
        stream.fail(token.start, f"{token.text.lower()} modifier is experimental and not supported")
    return None


def _parse_range(stream: TokenStream, node: Expr) -> Expr:
    bracket = stream.advance()
    range_ms, length = _parse_positive(stream, "subquery or range selector")
    if stream.accept(":"):
        step_ms, step = None, None
        if not stream.peek().is_symbol("]"):
            step_ms, step = _parse_positive(stream, "subquery selector", f'{_EXPECTED_STEP}, or "]"')
        stream.expect("]", "subquery selector")
        return Subquery(
            expr=node,
            range_ms=range_ms,
            step_ms=step_ms,
            range=length,
            step=step,
            start=node.start,
            end=stream.last_end,
        )
    if not stream.accept("]"):
        stream.unexpected("subquery or range", '":" or "]"')
    if not isinstance(node, VectorSelector):
        stream.fail(bracket.start, "ranges only allowed for vector selectors")
    if node.offset_ms or node.offset is not None:
        stream.fail(bracket.start, "no offset modifiers allowed before range")
    if node.at_ms is not None:
        stream.fail(bracket.start, "no @ modifiers allowed before range")
    return MatrixSelector(
        selector=node, range_ms=range_ms, range=length, start=node.start, end=stream.last_end
    )


def _parse_positive(
    stream: TokenStream, context: str, expected: str = EXPECTED
) -> tuple[int, DurationOperation | None]:
    """A duration in milliseconds, or 0 and how it is computed."""
    found = DurationParser(stream, context, expected).whole()
    if isinstance(found, DurationOperation):
        return 0, found
    if not found.value > 0:
        stream.fail(found.start, "duration must be greater than 0")
    return to_milliseconds(found.value), None


def _parse_offset(stream: TokenStream, node: Expr) -> Expr:
    stream.advance()
    found = DurationParser(stream, "offset").offset()
    if not isinstance(node, _MODIFIED):
        stream.fail(node.start, f"offset modifier must be preceded by {_MODIFIABLE}")
    target = node.selector if isinstance(node, MatrixSelector) else node
    if target.offset_ms or target.offset is not None:
        stream.fail(node.start, "offset may not be set multiple times")
    if isinstance(found, DurationOperation):
        return _rebuild(stream, node, replace(target, offset=found, end=stream.last_end))
    changed = replace(target, offset_ms=to_milliseconds(found.value), end=stream.last_end)
    return _rebuild(stream, node, changed)


def _parse_at(stream: TokenStream, node: Expr) -> Expr:
    stream.advance()
    moment = _parse_moment(stream, node)
    if not isinstance(node, _MODIFIED):
        stream.fail(node.start, f"@ modifier must be preceded by {_MODIFIABLE}")
    target = node.selector if isinstance(node, MatrixSelector) else node
    if target.at_ms is not None:
        stream.fail(node.start, "@ <timestamp> may not be set multiple times")
    return _rebuild(stream, node, replace(target, at_ms=moment, end=stream.last_end))


def _rebuild(stream: TokenStream, node: Expr, changed: VectorSelector | Subquery) -> Expr:
    if isinstance(node, MatrixSelector) and isinstance(changed, VectorSelector):
        return replace(node, selector=changed, end=stream.last_end)
    return changed


def _parse_moment(stream: TokenStream, node: Expr) -> int | Edge:
    token = stream.peek()
    if token.kind is Kind.IDENTIFIER and token.text.lower() in ("start", "end"):
        stream.advance()
        stream.expect("(", "@")
        stream.expect(")", "@")
        return Edge(f"{token.text.lower()}()")
    negative = stream.accept("-")
    if not negative:
        stream.accept("+")
    if stream.peek().kind not in (Kind.NUMBER, Kind.DURATION):
        stream.unexpected("@", "timestamp")
    seconds = -stream.number() if negative else stream.number()
    if not math.isfinite(seconds) or abs(seconds) >= _MAX_SECONDS:
        shown = f"{seconds:f}" if math.isfinite(seconds) else format_float(seconds)
        stream.fail(node.start, f"timestamp out of bounds for @ modifier: {shown}")
    # Rounded half away from zero, as Go's math.Round does.
    milliseconds = math.floor(abs(seconds) * 1000 + 0.5)
    return -milliseconds if negative else milliseconds
