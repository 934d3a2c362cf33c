"""The server itself: persistence, replication, CPU."""

from tools.dashboards.panels import GRAPH_HEIGHT, About, PanelBuilder, Query, graph, number
from tools.dashboards.selectors import best, of, rate_of, replication_lag
from tools.dashboards.thresholds import above, below

_DOWN = "The server does not answer"
_NO_REPLICATION = "This server does not replicate"


def persistence() -> list[PanelBuilder]:
    """Saving to disk."""
    return [_statuses(), _save_age(), _changes(), _forks()]


def _statuses() -> PanelBuilder:
    text = (
        "1: the last snapshot, AOF write and AOF rewrite went well, or there was none. Normal: all 1. "
        "Otherwise: disk full, no rights, or no memory to fork; the log of the server says which."
    )
    statuses = [
        best(of(f"redis_{name}_status"))
        for name in ("rdb_last_bgsave", "aof_last_write", "aof_last_bgrewrite")
    ]
    worst = f"min by (instance) ({' or '.join(_tagged(text, index) for index, text in enumerate(statuses))})"
    about = About("Last save", "short", text, _DOWN)
    return number(about, Query(worst), width=4, height=GRAPH_HEIGHT, limits=below(1, 1))


def _tagged(expression: str, index: int) -> str:
    # `or` drops series with the same labels: a label of its own keeps each.
    return f'label_replace({expression}, "part", "{index}", "", "")'


def _save_age() -> PanelBuilder:
    text = (
        "Time since the last snapshot. Normal: as in the setting `save`; it only grows where that is off. "
        "Otherwise: snapshots fail, or nothing has changed."
    )
    about = About("Age of the last save", "s", text, _DOWN)
    return graph(about, Query(best(of("redis_rdb_last_save_age_seconds"))), width=6)


def _changes() -> PanelBuilder:
    text = "Changes that a crash would lose if there were no AOF. Normal: falls to 0 at each snapshot."
    about = About("Changes since the last save", "short", text, _DOWN)
    return graph(about, Query(best(of("redis_rdb_changes_since_last_save"))), width=7)


def _forks() -> PanelBuilder:
    text = (
        "How long the latest fork held up all clients. Normal: below 0.1 s, 10 to 20 ms per GB. "
        "Otherwise: switch off transparent huge pages, or save on a replica only."
    )
    about = About("Latest fork", "s", text, _DOWN)
    return graph(about, Query(best(of("redis_latest_fork_seconds"))), width=7, limits=above(0.1, 1))


def replication() -> list[PanelBuilder]:
    """Primaries and replicas."""
    return [_replicas(), _lag(), _behind(), _resyncs()]


def _replicas() -> PanelBuilder:
    text = (
        "Of a primary: its replicas. Of a replica: 1 while its link is up. Normal: as many as you run. "
        "Otherwise: see the log of the replica, then the network."
    )
    link = best(of("redis_master_link_up"))
    query = f"{link} or {best(of('redis_connected_slaves'))}"
    return number(
        About("Replicas, or link", "short", text, _DOWN), Query(query), width=4, height=GRAPH_HEIGHT
    )


def _lag() -> PanelBuilder:
    text = (
        "Seconds that replicas are behind. Normal: 0 or 1. Otherwise: the network, or a replica that is busy."
    )
    about = About("Replication lag", "s", text, _NO_REPLICATION)
    return graph(about, Query(replication_lag()), width=7, limits=above(1, 10))


def _behind() -> PanelBuilder:
    primary = best(of("redis_master_repl_offset"))
    replicas = best(of("redis_connected_slave_offset_bytes"), "slave_ip", "slave_port")
    text = (
        "Bytes that each replica has still to get. Normal: near 0. More than the backlog means a full "
        "resynchronization after the next break."
    )
    return graph(
        About("Replicas behind", "bytes", text, _NO_REPLICATION),
        Query(
            f"clamp_min(-({replicas} - on (instance) group_left () {primary}), 0)",
            "{{instance}} to {{slave_ip}}:{{slave_port}}",
        ),
        Query(best(of("redis_replication_backlog_bytes")), "{{instance}} backlog"),
        width=7,
    )


def _resyncs() -> PanelBuilder:
    text = "Full resynchronizations so far. Normal: one per new replica. Otherwise: make the backlog larger."
    about = About("Full resynchronizations", "short", text, _NO_REPLICATION)
    return graph(about, Query(best(of("redis_replica_resyncs_full"))), width=6)


def cpu() -> list[PanelBuilder]:
    """Processor time."""
    return [_main_thread(), _all_threads()]


def _main_thread() -> PanelBuilder:
    text = (
        "Share of one core that the thread takes which runs the commands. Normal: below 70 %; at 100 % "
        "clients wait. Otherwise: see the server time by command. A server before Redis 6.2 does not say "
        "it."
    )
    return graph(
        About("Main thread", "percentunit", text, "The server is too old to say it"),
        Query(best(rate_of("redis_cpu_user_main_thread_seconds_total")), "{{instance}} user"),
        Query(best(rate_of("redis_cpu_sys_main_thread_seconds_total")), "{{instance}} system"),
        limits=above(0.7, 0.9),
        stacked=True,
    )


def _all_threads() -> PanelBuilder:
    text = (
        "Cores that all threads take, and children that save. Normal: not much more than the main thread; "
        "children only during snapshots and AOF rewrites."
    )
    return graph(
        About("All threads, and children", "percentunit", text, _DOWN),
        Query(best(rate_of("redis_cpu_user_seconds_total")), "{{instance}} user"),
        Query(best(rate_of("redis_cpu_sys_seconds_total")), "{{instance}} system"),
        Query(best(rate_of("redis_cpu_user_children_seconds_total")), "{{instance}} children user"),
        Query(best(rate_of("redis_cpu_sys_children_seconds_total")), "{{instance}} children system"),
    )
