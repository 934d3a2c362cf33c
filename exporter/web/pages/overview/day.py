"""How many alerts fired in the last day, as a chart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from exporter.charts import Chart, Kind, Point, Series, Unit, plot
from exporter.charts.time_range import TimeRange, ending_at
from exporter.health import NO_SEVERITY
from exporter.web.pages.overview.findings import Finding, Findings
from exporter.web.pages.page_queries import Found, PageQueries

DAY_MS: Final = 86_400_000
QUERY: Final = f'count by (severity) (ALERTS{{alertstate="firing",severity!="{NO_SEVERITY}"}})'

_SEVERITIES: Final = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class AlertDay:
    """The chart, or why there is none; `has_notes`: there were some, in a colour of their own."""

    plot: Markup | None
    error: str
    has_notes: bool


class AlertDays:
    """Draws the chart; what is past is looked up once per step of ten minutes, since it stays the same."""

    def __init__(self, queries: PageQueries) -> None:
        self._queries = queries
        self._known: tuple[TimeRange, Found] | None = None

    async def draw(self, findings: Findings, now: float) -> AlertDay:
        """Return the day until now (epoch seconds)."""
        now_ms = round(now * 1000)
        span = ending_at(now_ms, DAY_MS)
        if self._known is None or self._known[0] != span:
            [found] = await self._queries.ranges([QUERY], span)
            if found.error:
                return AlertDay(None, found.error, has_notes=False)
            self._known = span, found
        series = _series(self._known[1], findings, span)
        counts = ", ".join(f"{one.points[-1][1]:.0f} {one.name}" for one in series if one.points[-1][1])
        chart = Chart(
            "Alerts firing, last 24 hours",
            Unit.COUNT,
            span.start_ms,
            now_ms // span.step_ms * span.step_ms + span.step_ms,
            span.step_ms,
            series,
            Kind.STACKED,
            highest=2.0,
        )
        markup = plot(chart, classes="low severities", sentence=f"Now {counts or 'none'}.")
        return AlertDay(Markup(markup), "", has_notes=any(one.name == "info" for one in series))


def _series(found: Found, findings: Findings, span: TimeRange) -> Sequence[Series]:
    """One per severity, with 0 where nothing fired; the last point is what fires now."""
    counted: dict[str, dict[int, float]] = {name: {} for name in _SEVERITIES}
    for one in found.series:
        name = one.labels.get("severity")
        sums = counted[name if name in _SEVERITIES else "info"]
        for at_ms, value in one.points:
            sums[at_ms] = sums.get(at_ms, 0.0) + value
    now = Counter(one.severity for one in _firing(findings))
    moments = range(span.start_ms, span.end_ms + 1, span.step_ms)
    end_ms = span.end_ms + span.step_ms
    made = []
    for colour, severity in enumerate(_SEVERITIES, 1):
        points: list[Point] = [(at_ms, counted[severity].get(at_ms, 0.0)) for at_ms in moments]
        points.append((end_ms, float(now[severity])))
        if severity != "info" or any(value for _, value in points):
            made.append(Series(severity, points, colour))
    return made


def _firing(findings: Findings) -> Sequence[Finding]:
    """All alerts, also those that another explains, and those that nobody is told of."""
    roots = [*findings.open, *findings.notes, *findings.quiet]
    return [one for root in roots for one in (root, *root.follows) if one.fingerprint]
