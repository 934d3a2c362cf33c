"""`prettify` writes a query over several lines where it is long.

Source of the form: github.com/prometheus/prometheus, promql/parser/prettier.go.
"""

from typing import Final

from exporter.promql.syntax.nodes import Aggregate, Binary, Call, Expr, Paren, Subquery, Unary
from exporter.promql.syntax.printer import (
    format_aggregation,
    format_expression,
    format_operator,
    format_subquery_range,
)

_LONGEST_LINE: Final = 100
_INDENT: Final = "  "


def prettify(node: Expr, level: int = 0) -> str:
    """The query, `level` steps to the right, in lines of about 100 characters where it can be split."""
    indent = _INDENT * level
    if isinstance(node, Unary):
        return indent + node.op + prettify(node.expr, level).strip()
    text = format_expression(node)
    if isinstance(node, Subquery):
        # Prometheus does not indent one that is short.
        is_long = len(text) > _LONGEST_LINE
        return prettify(node.expr, level) + format_subquery_range(node) if is_long else text
    if len(text) <= _LONGEST_LINE:
        return indent + text
    match node:
        case Paren():
            return f"{indent}(\n{prettify(node.expr, level + 1)}\n{indent})"
        case Binary():
            left, right = prettify(node.left, level + 1), prettify(node.right, level + 1)
            return f"{left}\n{indent}{format_operator(node)}\n{right}"
        case Aggregate() | Call():
            name = format_aggregation(node) if isinstance(node, Aggregate) else node.function.name
            arguments = ",\n".join(prettify(child, level + 1) for child in node.children)
            return f"{indent}{name}(\n{arguments}\n{indent})"
        case _:
            return indent + text
