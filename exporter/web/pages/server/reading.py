"""Everything that is asked for one page: queries and events, together as far as they can be."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exporter.model.duration import format_duration
from exporter.samplers.runner import TargetRunner
from exporter.web.pages.context import PageContext
from exporter.web.pages.page_queries import Found, PageQueries
from exporter.web.pages.server.clients import client_expressions
from exporter.web.pages.server.expressions import Expressions
from exporter.web.pages.server.panels import Panel, busiest, panels_of
from exporter.web.pages.server.past import Past, read_past
from exporter.web.pages.server.tiles import tile_expressions
from exporter.web.pages.time_range import TimeRange

_DEFAULT_INTERVAL_SECONDS: Final = 15.0
# The commands whose latency is told are the busiest of the last hour of the range.
_MOST_BUSY: Final = 4
_BUSY_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What there is of one server in a range; `coarse` is that of charts of which each point costs much."""

    expressions: Expressions
    span: TimeRange
    coarse: TimeRange
    past: Past
    asked: Mapping[str, str]
    tiles: Sequence[Found]
    clients: Sequence[Found]
    panels: Sequence[Panel]
    lines: Mapping[str, Sequence[Found]]

    def span_of(self, panel: Panel) -> TimeRange:
        """The range of a chart, with its steps."""
        return self.coarse if panel.is_coarse else self.span


async def read(context: PageContext, runner: TargetRunner, span: TimeRange, now: float) -> Reading:
    """Ask for it; `now` in epoch seconds."""
    expressions = _expressions(runner, span, "info")
    asked, clients = tile_expressions(expressions), client_expressions(expressions)
    busy = busiest(expressions, format_duration(min(span.span_ms, _BUSY_MS)), _MOST_BUSY)
    # The tiles are of now where the range goes with the clock, else of its end.
    moment_ms = round(now * 1000) if span.is_live else span.end_ms
    past, found = await asyncio.gather(
        read_past(context.events, runner.target.instance, span),
        context.queries.instants([*asked.values(), *clients, busy], moment_ms),
    )
    commands = sorted(series.labels.get("cmd") for series in found[-1].series)
    by_command = _expressions(runner, span, "command_latency")
    panels = panels_of(expressions, by_command, runner.facts.server.role, commands)
    coarse = _coarser(span)
    lines = {
        **await _lines(context.queries, [one for one in panels if not one.is_coarse], span),
        **await _lines(context.queries, [one for one in panels if one.is_coarse], coarse),
    }
    return Reading(
        expressions,
        span,
        coarse,
        past,
        asked,
        found[: len(asked)],
        found[len(asked) : -1],
        panels,
        lines,
    )


def _expressions(runner: TargetRunner, span: TimeRange, sampler: str) -> Expressions:
    """For what a sampler writes, as often as it runs."""
    intervals = [plan.interval_seconds for plan in runner.plans if plan.spec.name == sampler]
    interval_seconds = intervals[0] if intervals else _DEFAULT_INTERVAL_SECONDS
    return Expressions.of(runner.target.instance, span, interval_seconds)


async def _lines(
    queries: PageQueries, panels: Sequence[Panel], span: TimeRange
) -> Mapping[str, Sequence[Found]]:
    """What the expressions of charts come to, by topic."""
    found = iter(await queries.ranges([line.expression for one in panels for line in one.lines], span))
    return {one.topic: [next(found) for _ in one.lines] for one in panels}


def _coarser(span: TimeRange) -> TimeRange:
    """The same range in steps twice as long."""
    step_ms = 2 * span.step_ms
    start_ms, end_ms = span.start_ms // step_ms * step_ms, span.end_ms // step_ms * step_ms
    return replace(span, start_ms=start_ms, end_ms=end_ms, step_ms=step_ms)
