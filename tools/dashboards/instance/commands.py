"""Commands: how many, and which fail."""

from tools.dashboards.panels import About, PanelBuilder, Query, graph
from tools.dashboards.selectors import best, hits, misses, rate_of

_DOWN = "The server does not answer"
TOP = 10
"""Series of the busiest commands in one graph."""


def panels() -> list[PanelBuilder]:
    """All of the row."""
    return [_rates(), _time(), _failures(), _errors(), _lookups()]


def _rates() -> PanelBuilder:
    text = (
        f"The {TOP} commands that are called most. Normal: follows your traffic; a command you do not know "
        "is not."
    )
    query = f"topk({TOP}, {best(rate_of('redis_commands_total'), 'cmd')})"
    return graph(About("Calls by command", "ops", text, _DOWN), Query(query, "{{instance}} {{cmd}}"))


def _time() -> PanelBuilder:
    text = (
        "Server time by command: seconds per second, so 1 is all that one thread has. Normal: the total "
        "far below 1. Otherwise: the topmost command is what to make rarer or cheaper."
    )
    query = f"topk({TOP}, {best(rate_of('redis_commands_duration_seconds_total'), 'cmd')})"
    return graph(
        About("Server time by command", "percentunit", text, _DOWN),
        Query(query, "{{instance}} {{cmd}}"),
        stacked=True,
    )


def _failures() -> PanelBuilder:
    failed = best(rate_of("redis_commands_failed_calls_total"), "cmd")
    rejected = best(rate_of("redis_commands_rejected_calls_total"), "cmd")
    text = (
        "Calls that failed while they ran, or were refused before. Normal: none. Otherwise: see the "
        "errors by code on the right. A server before Redis 6.2 does not count them."
    )
    return graph(
        About("Failed and refused calls", "ops", text, "No call fails, or the server is too old to say so"),
        Query(f"topk({TOP}, {failed} > 0)", "{{instance}} {{cmd}} failed"),
        Query(f"topk({TOP}, {rejected} > 0)", "{{instance}} {{cmd}} refused"),
        width=8,
    )


def _errors() -> PanelBuilder:
    text = (
        "Error replies by code. Normal: none, or a few that the application expects. OOM: maxmemory is "
        "reached. MISCONF: saving fails. NOPERM, WRONGPASS: a client has the wrong rights. A server "
        "before Redis 6.2 does not count them."
    )
    query = best(rate_of("redis_errors_total"), "err")
    return graph(
        About("Errors by code", "cps", text, "No error since its start, or the server is too old to say so"),
        Query(query, "{{instance}} {{err}}"),
        width=8,
    )


def _lookups() -> PanelBuilder:
    text = (
        "Look-ups per second. Normal on a cache: many hits, few misses. Many misses: see the hit rate above."
    )
    return graph(
        About("Look-ups", "ops", text, _DOWN),
        Query(hits(), "{{instance}} hits"),
        Query(misses(), "{{instance}} misses"),
        width=8,
    )
