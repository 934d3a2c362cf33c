"""Everything that is asked for one page: queries and events, together as far as they can be."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.charts.time_range import TimeRange
from exporter.model.duration import format_duration
from exporter.samplers.reachability import reachable_since
from exporter.samplers.runner import TargetRunner
from exporter.web.pages.context import PageContext
from exporter.web.pages.page_queries import Found, PageQueries
from exporter.web.pages.server.clients import client_expressions
from exporter.web.pages.server.expressions import Expressions
from exporter.web.pages.server.panels import Panel, busiest, panels_of
from exporter.web.pages.server.past import Past, read_past
from exporter.web.pages.server.tiles import SENTINEL, SENTINEL_TOPICS, tile_expressions

_DEFAULT_INTERVAL_SECONDS: Final = 15.0
# The commands whose latency is told are the busiest of the last hour of the range.
_MOST_BUSY: Final = 4
_BUSY_MS: Final = 3_600_000
_NEAR_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What there is of one server in a range; `coarse` is that of charts of which each point costs much.

    `commands` are the busiest. `is_of_before`: the tiles are of before the server went down.
    """

    span: TimeRange
    coarse: TimeRange
    past: Past
    asked: Mapping[str, str]
    tiles: Sequence[Found]
    clients: Sequence[Found]
    commands: Sequence[str]
    panels: Sequence[Panel]
    lines: Mapping[str, Sequence[Found]]
    is_of_before: bool

    def span_of(self, panel: Panel) -> TimeRange:
        """The range of a chart, with its steps."""
        return self.coarse if panel.is_coarse else self.span


async def read(context: PageContext, runner: TargetRunner, span: TimeRange, now: float) -> Reading:
    """Ask for it; `now` in epoch seconds."""
    expressions = _expressions(runner, span, "info")
    present = Expressions.of(runner.target.instance, _interval_seconds(runner, "info"))
    asked, clients = tile_expressions(present), client_expressions(present)
    busy = busiest(present, format_duration(min(span.span_ms, _BUSY_MS)), _MOST_BUSY)
    down_since = reachable_since(runner.events) if span.is_live and runner.status.up is False else None
    moment_ms = _moment_ms(span, now, down_since)
    past, found = await asyncio.gather(
        read_past(context.events, runner.target.instance, span),
        context.queries.instants([*asked.values(), *clients, busy], moment_ms),
    )
    commands = sorted(series.labels.get("cmd") for series in found[-1].series)
    by_command = _expressions(runner, span, "command_latency")
    server = runner.facts.server
    histograms = runner.status.samplers.get("command_latency")
    has_histograms = histograms is not None and not histograms.support.any_unsupported
    panels = panels_of(expressions, by_command, server.role, commands, has_histograms=has_histograms)
    if server.mode == SENTINEL:
        panels = [one for one in panels if one.topic in SENTINEL_TOPICS and one.topic != "commands"]
    coarse = span.coarser()
    fine_lines, coarse_lines = await asyncio.gather(
        _lines(context.queries, [one for one in panels if not one.is_coarse], span),
        _lines(context.queries, [one for one in panels if one.is_coarse], coarse),
    )
    return Reading(
        span,
        coarse,
        past,
        asked,
        found[: len(asked)],
        found[len(asked) : -1],
        commands,
        panels,
        {**fine_lines, **coarse_lines},
        down_since is not None,
    )


def _moment_ms(span: TimeRange, now: float, down_since: float | None) -> int:
    """The moment of the tiles: that of the last points of the charts, unless that is long ago.

    Of a server that is down it is the one before it went down.
    """
    if down_since is not None:
        return round(down_since * 1000) - 1
    return round(now * 1000) if span.is_live and span.step_ms > _NEAR_MS else span.end_ms


def _expressions(runner: TargetRunner, span: TimeRange, sampler: str) -> Expressions:
    """For what a sampler writes, as often as it runs."""
    return Expressions.of(runner.target.instance, _interval_seconds(runner, sampler), span.step_ms)


def _interval_seconds(runner: TargetRunner, sampler: str) -> float:
    intervals = [plan.interval_seconds for plan in runner.plans if plan.spec.name == sampler]
    return intervals[0] if intervals else _DEFAULT_INTERVAL_SECONDS


async def _lines(
    queries: PageQueries, panels: Sequence[Panel], span: TimeRange
) -> Mapping[str, Sequence[Found]]:
    """What the expressions of charts come to, by topic."""
    found = iter(await queries.ranges([line.expression for one in panels for line in one.lines], span))
    return {one.topic: [next(found) for _ in one.lines] for one in panels}
