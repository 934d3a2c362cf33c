"""The handler of the query page."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from exporter.model.duration import parse_duration
from exporter.web.pages.address import Address
from exporter.web.pages.context import PageContext
from exporter.web.pages.graph.completion import FUNCTION_NAMES
from exporter.web.pages.graph.panels import MOST_PANELS, Panel, link, read_panels
from exporter.web.pages.graph.results import PanelView, view_of
from exporter.web.pages.graph.spans import span_of

_RANGES: Final = tuple(
    (name, parse_duration(name)) for name in ("15m", "1h", "3h", "6h", "12h", "1d", "2d", "1w", "30d")
)


def routes(context: PageContext) -> Sequence[BaseRoute]:
    """The route, under the paths of both of Prometheus' own interfaces."""
    page = _GraphPage(context)
    handler = context.renderer.handler(page.show)
    return [Route(path, handler, methods=["GET"]) for path in ("/graph", "/query")]


class _GraphPage:
    def __init__(self, context: PageContext) -> None:
        self._context = context

    async def show(self, request: Request) -> Response:
        panels = read_panels(Address.of(request))
        now_ms = round(self._context.clock.now() * 1000)
        views = [await self._view(panel, now_ms) for panel in panels]
        more = Panel(len(panels))
        return await self._context.renderer.page(
            request,
            "graph.html",
            views=views,
            panels=panels,
            links=_Links(panels, now_ms),
            ranges=_RANGES,
            another=link([*panels, more]) if len(panels) < MOST_PANELS else None,
            functions=" ".join(FUNCTION_NAMES),
            series_count=self._context.store.series_count,
        )

    async def _view(self, panel: Panel, now_ms: int) -> PanelView:
        if not panel.expression:
            return PanelView(panel)
        span = span_of(panel, now_ms)
        queries, began = self._context.queries, time.perf_counter()
        if panel.tab == "graph":
            (found,) = await queries.ranges([panel.expression], span)
        else:
            (found,) = await queries.instants([panel.expression], panel.end_ms or now_ms)
        return view_of(panel, found, span, time.perf_counter() - began)


class _Links:
    """Links of the page to itself, with one panel changed."""

    def __init__(self, panels: Sequence[Panel], now_ms: int) -> None:
        self._panels = panels
        self._now_ms = now_ms

    def tab(self, panel: Panel, tab: str) -> str:
        """The panel as a table or a graph."""
        return self._with(replace(panel, tab=tab))

    def stacked(self, panel: Panel) -> str:
        """The graph stacked, or not."""
        return self._with(replace(panel, is_stacked=not panel.is_stacked))

    def range(self, panel: Panel, range_ms: int) -> str:
        """The panel over another range of time."""
        return self._with(replace(panel, range_ms=range_ms, step_ms=None))

    def moved(self, panel: Panel, by: int) -> str:
        """The panel earlier (-1) or later (1) by half its range; what would end after now ends now."""
        end_ms = (panel.end_ms or self._now_ms) + by * panel.range_ms // 2
        return self._with(replace(panel, end_ms=end_ms if end_ms < self._now_ms else None))

    def without(self, panel: Panel) -> str:
        """The page without this panel."""
        others = [one for one in self._panels if one.number != panel.number]
        return link([replace(one, number=number) for number, one in enumerate(others)])

    def _with(self, changed: Panel) -> str:
        return link([changed if one.number == changed.number else one for one in self._panels])
