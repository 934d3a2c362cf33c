"""Rows of the table of servers, with texts that are ready to be shown."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from exporter.charts import Unit, format_seconds, format_value, sparkline
from exporter.web.pages.address import Address
from exporter.web.pages.moments import moment_text
from exporter.web.pages.overview.figures import Figures, Trends, Values
from exporter.web.pages.overview.findings import Finding
from exporter.web.pages.overview.servers import Server


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures; `classes` say when there is room for it."""

    key: str
    title: str
    unit: str
    classes: str
    form: Callable[[float | None], str]
    trend: Callable[[Trends], Values]


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure; `title` says why there is none."""

    column: Column
    text: str
    line: Markup | None = None
    tone: str = ""
    title: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One server. `why` fills the cells of one that tells nothing; `note` is what is wrong, in a word."""

    instance: str
    href: str
    sign: str
    note: str
    note_tone: str
    note_href: str
    more_notes: int
    is_child: bool
    role: str
    version: str
    cells: Sequence[Cell]
    why: str
    uptime: str


def _bytes(value: float | None) -> str:
    return format_value(value, Unit.BYTES)


def _count(value: float | None) -> str:
    return format_value(value if value is None else round(value), Unit.COUNT)


def _whole(value: float | None) -> str:
    return format_value(value, Unit.COUNT)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.1f}\N{NO-BREAK SPACE}%"


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value * 1000:,.1f}" if value < 0.9995 else f"{value * 1000:,.0f}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


COLUMNS: Final = (
    Column("memory", "Memory", "", " p1", _bytes, lambda trends: trends.memory),
    Column("share", "Of limit", "", "", _percent, lambda trends: ()),
    Column("commands", "Commands", "/s", " p0", _count, lambda trends: trends.commands),
    Column("hit_rate", "Hit rate", "", " p1", _percent, lambda trends: trends.hit_rate),
    Column("latency", "Slowest PING", "ms", "", _milliseconds, lambda trends: trends.latency),
    Column("clients", "Clients", "", " p2 p1", _whole, lambda trends: trends.clients),
    Column("lag", "Lag", "s", " p2 p1", _seconds, lambda trends: trends.lag),
)


def make_row(server: Server, trends: Trends, address: Address, now: float, *, is_flat: bool) -> Row:
    """Write the row of a server; `now` in epoch seconds. `is_flat`: it does not stand below its primary."""
    loud = [one for one in server.findings if not one.quiet] or list(server.findings)
    first = min(loud, key=lambda one: one.order, default=None)
    why = _why(server, now)
    return Row(
        instance=server.instance,
        href=address.to("servers", server.instance),
        sign=server.sign,
        note="" if first is None else _note(server, first, now),
        note_tone=server.sign if server.sign in ("critical", "warning", "info") else "dim",
        note_href=address.to("alerts", first.fingerprint) if first is not None and first.fingerprint else "",
        more_notes=max(0, len(loud) - 1),
        is_child=server.is_child and not is_flat,
        role=server.role or "?",
        version=server.version or "?",
        cells=() if why else [_cell(column, server, trends) for column in COLUMNS],
        why=why,
        uptime="" if (seconds := server.uptime(now)) is None else format_seconds(seconds),
    )


def _note(server: Server, finding: Finding, now: float) -> str:
    if server.runner.status.up is False:
        problem = server.runner.status.problem
        return "down" if problem is not None and problem.is_down else "cannot be sampled"
    silenced = f", {finding.quiet}" if finding.quiet else ""
    return f"{finding.name or 'does not tell how it is'}{silenced}"


def _why(server: Server, now: float) -> str:
    """Say why a server tells nothing; empty where it does."""
    status = server.runner.status
    if status.up is None:
        return "has not been heard yet"
    if status.problem is None and status.up:
        return ""
    words = "" if status.problem is None else status.problem.words
    seen = status.samplers[server.runner.health_sampler].succeeded_at
    when = f"last seen {moment_text(seen, now)}" if seen else "not seen since the start"
    return f"{when}: {words}, {status.message}" if status.message else f"{when}: {words}"


def _cell(column: Column, server: Server, trends: Trends) -> Cell:
    figures = server.figures
    value = getattr(figures, column.key)
    tone = server.troubled.get(column.key, "")
    if column.key == "share":
        return _share(column, figures, tone)
    if column.key == "lag" and server.role != "replica":
        return Cell(column, "–")
    if value is None:
        return Cell(column, "–" if column.key == "hit_rate" else "?", title=_missing(column, figures))
    return Cell(column, column.form(value), Markup(sparkline(column.trend(trends), tone)), tone)


def _share(column: Column, figures: Figures, tone: str) -> Cell:
    share = figures.share
    if share is None:
        return Cell(column, "no limit" if figures.memory is not None else "?")
    return Cell(column, _percent(share), tone=tone, share=min(1.0, share))


def _missing(column: Column, figures: Figures) -> str:
    """Why there is no figure."""
    return {
        "hit_rate": "hardly any look-up of a key in the last five minutes",
        "commands": "known from the second look on",
        "latency": "the sampler latency is off or has not run yet",
    }.get(column.key, "the server does not tell")


@dataclass(frozen=True, slots=True)
class Sums:
    """What a group of servers comes to: sums, and the worst of what cannot be added."""

    memory: str
    share: str
    commands: str
    hit_rate: str
    latency: str
    clients: str
    lag: str


def sum_group(servers: Sequence[Server]) -> Sums:
    """Return the cells of a group that is one row."""

    def values(name: str) -> Iterable[float]:
        return [value for one in servers if (value := getattr(one.figures, name)) is not None]

    return Sums(
        memory=_bytes(sum(values("memory"))),
        share=_percent(max(values("share"), default=None)),
        commands=_count(sum(values("commands"))),
        hit_rate=_percent(min(values("hit_rate"), default=None)),
        latency=_milliseconds(max(values("latency"), default=None)),
        clients=_whole(sum(values("clients"))),
        lag=_seconds(max(values("lag"), default=None)),
    )
