"""Slow commands and latency: who holds up everybody?"""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tools.dashboards.columns import Column, Key, rows_by
from tools.dashboards.frame import Group, assemble
from tools.dashboards.instance.latency import felt
from tools.dashboards.panels import About, PanelBuilder, Query, graph, heat, number
from tools.dashboards.selectors import RATE, best, of, rate_of
from tools.dashboards.thresholds import above

_NO_LOG = "The slow log is off or refused (SLOWLOG), or the server does not answer"
_NONE_SLOW = "No command was slow since the daemon started"
_NO_SPIKES = "No spike, or latency-monitor-threshold is 0: set it to see spikes"


def slow() -> Dashboard:
    """The dashboard."""
    return assemble(
        "slow",
        "Slow commands and latency",
        "The slow log without gaps, by command and pattern, and the server's latency spikes.",
        [
            Group("Now", [_recent(), _share(), _newest(), _lost_now(), _length(), _spike()]),
            Group("Slow commands", [_rates(), _times(), _durations(), _patterns()]),
            Group("Completeness", [_lost(), _uncertain()]),
            Group("Latency", [felt(8), _spikes(), _event_loop()]),
        ],
    )


def _recent() -> PanelBuilder:
    text = "Entries of the slow log in the last hour. Normal: few. Otherwise: the commands below say which."
    query = (
        f"sum by (instance) ({best(f'increase({_ENTRIES}[1h])', 'command')}) or 0 * {best(of('redis_up'))}"
    )
    about = About("Slow commands in 1 h", "short", text, _NO_LOG)
    return number(about, Query(query), limits=above(10, 100), decimals=0)


_ENTRIES = of("redis_slowlog_entries_total")
_SECONDS = of("redis_slowlog_duration_seconds_sum")


def _share() -> PanelBuilder:
    text = "Share of the last hour in which a slow command ran, and all others waited. Normal: below 1 %."
    spent = f"sum by (instance) ({best(f'rate({_SECONDS}[1h])', 'command')})"
    about = About("Time held up", "percentunit", text, _NO_LOG)
    query = f"{spent} or 0 * {best(of('redis_up'))}"
    return number(about, Query(query), limits=above(0.01, 0.05), decimals=2)


def _newest() -> PanelBuilder:
    text = "How long the newest entry of the slow log took. Normal: not far above slowlog-log-slower-than."
    about = About("Newest entry", "s", text, "The slow log is empty")
    query = best(of("redis_last_slow_execution_duration_seconds"))
    return number(about, Query(query), limits=above(0.1, 1))


def _lost_now() -> PanelBuilder:
    text = "Entries that the server dropped before they were read, in the last hour. Normal: 0."
    about = About("Lost in 1 h", "short", text, _NO_LOG)
    query = best(f"increase({of('redis_slowlog_lost_entries_total')}[1h])")
    return number(about, Query(query), limits=above(1), decimals=0)


def _length() -> PanelBuilder:
    text = (
        "Entries in the server's slow log now. Normal: at most slowlog-max-len; it is full most of the time."
    )
    about = About("Slow log length", "short", text, _NO_LOG)
    return number(about, Query(best(of("redis_slowlog_length"))), decimals=0)


def _spike() -> PanelBuilder:
    text = (
        "The longest latency spike since LATENCY RESET. Normal: below 100 ms. Otherwise: see its kind below."
    )
    about = About("Longest spike", "s", text, _NO_SPIKES)
    query = f"max by (instance) ({best(of('redis_latency_spike_max_duration_seconds'), 'event_name')})"
    return number(about, Query(query), limits=above(0.1, 1))


def _rates() -> PanelBuilder:
    text = (
        "Slow commands per second, by command, without those of monitoring. Normal: none or few. "
        "Otherwise: KEYS, SORT, SMEMBERS and the like on huge keys; use SCAN and its kin."
    )
    query = best(rate_of("redis_slowlog_entries_total"), "command")
    about = About("Slow commands", "cps", text, _NONE_SLOW)
    return graph(about, Query(query, "{{instance}} {{command}}"), stacked=True)


def _times() -> PanelBuilder:
    text = (
        "Time that slow commands take: seconds per second. Normal: below 1 %. All other clients wait "
        "meanwhile."
    )
    query = best(rate_of("redis_slowlog_duration_seconds_sum"), "command")
    about = About("Time in slow commands", "percentunit", text, _NONE_SLOW)
    return graph(about, Query(query, "{{instance}} {{command}}"), stacked=True, limits=above(0.05))


def _durations() -> PanelBuilder:
    text = (
        "How long slow commands took. Normal: all in the lowest row. A hot row high up: one kind of call "
        "that always takes long."
    )
    buckets = best(f"increase({of('redis_slowlog_duration_seconds_bucket')}[{RATE}])", "command", "le")
    about = About("Durations of slow commands", "s", text, _NONE_SLOW)
    return heat(about, Query(f"sum by (le) ({buckets})", "{{le}}"))


def _patterns() -> PanelBuilder:
    text = (
        "Slow calls that recur, by command and pattern of their arguments. Normal: empty or short. "
        "Otherwise: the topmost is what to fix first."
    )
    entries = best(f"increase({of('redis_slowlog_pattern_entries_total')}[1h])", "pattern")
    seconds = best(f"increase({of('redis_slowlog_pattern_duration_seconds_total')}[1h])", "pattern")
    columns = [
        Column("Time in 1 h", seconds, "s", above(1, 36)),
        Column("Calls in 1 h", entries, "short"),
        Column("Mean", f"{seconds} / ({entries} > 0)", "s", above(0.1, 1)),
    ]
    keys = [Key("instance", "Instance"), Key("pattern", "Pattern")]
    about = About("Recurring slow calls", "short", text, _NONE_SLOW)
    return rows_by(about, keys, columns, sort="Time in 1 h", width=12, height=8)


def _lost() -> PanelBuilder:
    text = (
        "Entries that the server dropped before they were read. Normal: 0. Otherwise: raise "
        "slowlog-max-len, or lower samplers.slowlog.shortest_interval."
    )
    about = About("Lost entries", "cps", text, _NO_LOG)
    return graph(about, Query(best(rate_of("redis_slowlog_lost_entries_total"))), limits=above(1))


def _uncertain() -> PanelBuilder:
    text = "Times that the log was emptied, and times that something may be missing besides. Normal: 0."
    return graph(
        About("Resets and uncertain losses", "short", text, _NO_LOG),
        Query(best(of("redis_slowlog_resets_total")), "{{instance}} resets"),
        Query(best(of("redis_slowlog_uncertain_losses_total")), "{{instance}} uncertain"),
    )


def _spikes() -> PanelBuilder:
    text = (
        "Length of the last spike by kind. Normal: none above 100 ms. command: a slow command. fork: saving. "
        "aof-…: a slow disk. expire-cycle: too many keys expire at once."
    )
    about = About("Latency spikes", "s", text, _NO_SPIKES)
    query = best(of("redis_latency_spike_duration_seconds"), "event_name")
    return graph(about, Query(query, "{{instance}} {{event_name}}"), width=8, limits=above(0.1, 1))


def _event_loop() -> PanelBuilder:
    text = (
        "Time of the event loop, and of the commands in it: seconds per second. Normal: far below 1. A "
        "server before Redis 7.2 does not say it."
    )
    return graph(
        About("Event loop", "percentunit", text, "The server is older than Redis 7.2"),
        Query(f"{best(rate_of('redis_eventloop_duration_sum_usec_total'))} / 1e6", "{{instance}} loop"),
        Query(
            f"{best(rate_of('redis_eventloop_duration_cmd_sum_usec_total'))} / 1e6", "{{instance}} commands"
        ),
        width=8,
    )
