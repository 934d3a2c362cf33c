"""Narrows an expression to the results whose labels satisfy a condition.

Where a label comes unchanged from the series that are read, the matcher goes to their selector: what does not
matter is not read. Anywhere else the results are filtered: `and on (env)`, or `unless`, with a series made up
for that, and a label as a mark where the condition is a pattern. Both are plain PromQL.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from exporter.model.label_conditions import LabelCondition, quote_pattern
from exporter.model.matcher import Matcher, MatchOp
from exporter.promql import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Expr,
    Matching,
    MatrixSelector,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
    parse,
)
from exporter.rules.comments import blanked

_SERIES: Final = (ValueType.VECTOR, ValueType.MATRIX)
_RELABELLING: Final = ("label_replace", "label_join")
_MADE_UP: Final = ("absent", "absent_over_time", "vector", "info", "scalar")
_MARK: Final = "__where_{}__"


class Edit(NamedTuple):
    """Another text for a part of an expression's."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with its parts replaced, none of which overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def narrowed(text: str, root: Expr, condition: LabelCondition, edits: Sequence[Edit] = ()) -> str:
    """An expression with parts of its text replaced, and only the results that satisfy a condition."""
    inserted: dict[int, tuple[VectorSelector, list[Matcher]]] = {}
    filters: list[Matcher] = []
    for matcher in condition.matchers:
        selectors = deciding_selectors(root, matcher.name)
        if selectors is None:
            filters.append(matcher)
        for selector in selectors or ():
            inserted.setdefault(selector.start, (selector, []))[1].append(matcher)
    result = edited(text, [*edits, *(_insertion(text, *one) for one in inserted.values())])
    if filters:
        result = _filtered(result, filters, "and")
    for exception in condition.exceptions:
        result = _filtered(result, exception, "unless")
    return result


def deciding_selectors(node: Expr, name: str) -> tuple[VectorSelector, ...] | None:
    """The selectors whose series the results have a label from, as it is.

    Their series with other values of it make no difference to the results with one. None where there are none
    such, or that is not certain.
    """
    match node:
        case VectorSelector():
            return (node,)
        case MatrixSelector():
            return (node.selector,)
        case Paren() | Unary() | Subquery():
            return deciding_selectors(node.expr, name)
        case Aggregate():
            is_kept = (name in node.grouping) != node.without
            return deciding_selectors(node.expr, name) if is_kept and not _is_written(node, name) else None
        case Call():
            return _of_call(node, name)
        case Binary():
            return _of_binary(node, name)
        case _:
            return None


def _is_written(node: Aggregate, name: str) -> bool:
    """Whether the aggregation gives the label a value of its own, or may do so."""
    if node.op != "count_values":
        return False
    return not isinstance(node.param, StringLiteral) or node.param.value == name


def _of_call(node: Call, name: str) -> tuple[VectorSelector, ...] | None:
    function = node.function.name
    if node.value_type not in _SERIES or function in _MADE_UP:
        return None
    if function in _RELABELLING:
        written = node.args[1]
        if not isinstance(written, StringLiteral) or written.value == name:
            return None
    if function == "histogram_quantile" and name == "le":
        return None
    vectors = [argument for argument in node.args if argument.value_type in _SERIES]
    return deciding_selectors(vectors[0], name) if len(vectors) == 1 else None


def _of_binary(node: Binary, name: str) -> tuple[VectorSelector, ...] | None:
    matching = node.matching
    if matching is None or ValueType.SCALAR in (node.left.value_type, node.right.value_type):
        vectors = [side for side in (node.left, node.right) if side.value_type in _SERIES]
        return deciding_selectors(vectors[0], name) if vectors else None
    is_matched = (name in matching.labels) == matching.on
    if node.op == "or":
        left, right = deciding_selectors(node.left, name), deciding_selectors(node.right, name)
        return None if left is None or right is None or not is_matched else left + right
    if node.op in ("and", "unless"):
        return deciding_selectors(node.left, name)
    return _of_match(node, matching, name, is_matched=is_matched)


def _of_match(
    node: Binary, matching: Matching, name: str, *, is_matched: bool
) -> tuple[VectorSelector, ...] | None:
    if name in matching.include:
        return None
    if matching.cardinality is Cardinality.MANY_TO_ONE:
        return deciding_selectors(node.left, name)
    if matching.cardinality is Cardinality.ONE_TO_MANY:
        return deciding_selectors(node.right, name)
    return deciding_selectors(node.left, name) if is_matched else None


def _insertion(text: str, selector: VectorSelector, matchers: Iterable[Matcher]) -> Edit:
    """Further matchers of a selector: before its closing brace, or in braces behind its name."""
    new = ",".join(map(str, matchers))
    name_end = selector.start + len(selector.name)
    rest = blanked(text[name_end : selector.end])
    if not rest.lstrip().startswith("{"):
        return Edit(name_end, name_end, f"{{{new}}}")
    inner = rest[rest.index("{") + 1 : rest.index("}")].rstrip()
    place = name_end + rest.index("{") + 1 + len(inner)
    return Edit(place, place, new if not inner.strip() or inner.endswith(",") else f",{new}")


def _filtered(text: str, matchers: Sequence[Matcher], operator: str) -> str:
    """The results of an expression for which all matchers are true (`and`), or not all of them (`unless`)."""
    labels, made_up = [], "vector(1)"
    marks: list[str] = []
    body = text
    for matcher in matchers:
        label, value = matcher.name, matcher.value
        if matcher.op is not MatchOp.EQUAL:
            label = _MARK.format(len(marks) + 1)
            marks.append(label)
            pattern = quote_pattern(matcher.value) if matcher.op is MatchOp.NOT_EQUAL else matcher.value
            body = _replaced(body, label, "yes", matcher.name, pattern)
            value = "yes" if matcher.op is MatchOp.REGEX else ""
        labels.append(label)
        if value:
            value = value.replace("$", "$$")
            made_up = f'label_replace({made_up}, "{label}", {_quoted(value)}, "", "")'
    result = f"{_as_operand(body)}\n{operator} on ({', '.join(dict.fromkeys(labels))}) {made_up}"
    for mark in marks:
        result = _replaced(result, mark, "", "", "")
    return result


def _replaced(text: str, label: str, value: str, source: str, pattern: str) -> str:
    body = text.strip("\n")
    # A comment may end the expression, and would take what follows in its line.
    return f'label_replace(\n{body}\n, "{label}", "{value}", "{source}", {_quoted(pattern)})'


def _as_operand(text: str) -> str:
    """An expression as the left side of `and` or `unless`."""
    root = parse(text).root
    text = text.strip("\n")
    return f"(\n{text}\n)" if isinstance(root, Binary) and root.op == "or" else text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') + '"'
