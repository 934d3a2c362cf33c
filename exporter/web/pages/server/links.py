"""Links to the page for queries, with what a chart or a tile was made of."""

from collections.abc import Sequence

from exporter.charts.time_range import TimeRange
from exporter.web.pages.address import Address
from exporter.web.pages.graph.panels import Panel


def query_link(
    address: Address, expressions: Sequence[str], span: TimeRange, *, is_stacked: bool = False
) -> str:
    """Return the address of the page that shows these expressions as graphs of the same range."""
    end_ms = None if span.is_live else span.end_ms
    panels = [
        Panel(number, expression, "graph", span.span_ms, end_ms, is_stacked=is_stacked)
        for number, expression in enumerate(expressions)
    ]
    parameters = {name: value for one in panels for name, value in one.parameters().items()}
    return address.to("graph", **parameters)
