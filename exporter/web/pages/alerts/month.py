"""How often an alert fired in thirty days: a column for each day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup

from exporter.alert_charts import Episode
from exporter.web.pages.alerts.past import DAYS
from exporter.web.pages.moments import span_text

_DAY_MS: Final = 86_400_000
_LEAST: Final = 14


@dataclass(frozen=True, slots=True)
class Month:
    """How often, how long together, and the markup of the columns."""

    times: int
    together: str
    plot: Markup


def month_of(episodes: Sequence[Episode], tone: str, now: float) -> Month:
    """Count the times of firing by the day on which they began (UTC)."""
    now_ms = round(now * 1000)
    last = now_ms // _DAY_MS
    recent = [one for one in episodes if last - DAYS < one.start_ms // _DAY_MS <= last]
    counts = Counter(one.start_ms // _DAY_MS for one in recent)
    seconds = sum(one.lasted_ms(now_ms) for one in recent) / 1000
    days = [(day, counts[day]) for day in range(last - DAYS + 1, last + 1)]
    return Month(len(recent), span_text(seconds), _plot(days, tone))


def _plot(days: Sequence[tuple[int, int]], tone: str) -> Markup:
    most = max(count for _, count in days)
    columns = []
    for index, (day, count) in enumerate(days):
        height = round(_LEAST + (100 - _LEAST) * count / most) if count else _LEAST
        title = f"{_date(day)}: {count} time{'' if count == 1 else 's'}"
        kind = f"day {tone}" if count else "day"
        columns.append(
            f'<rect class="{kind}" x="{index * 100 / DAYS:.1f}%" width="2.7%" y="{100 - height}%" '
            f'height="{height}%"><title>{title}</title></rect>'
        )
    fired = sum(bool(count) for _, count in days)
    first = f'<text class="xl l" x="0" y="100%" dy="15">{_date(days[0][0])}</text>'
    return Markup(
        f'<svg class="plot month nolab" role="img" aria-label="Fired on {fired} of the last {DAYS} days">'
        f'{"".join(columns)}{first}<text class="xl r" x="100%" y="100%" dy="15">today</text></svg>'
    )


def _date(day: int) -> str:
    moment = datetime.fromtimestamp(day * 86_400, UTC)
    return f"{moment.day} {moment:%b}"
