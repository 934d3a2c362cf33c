"""What the daemon keeps on disk, a part of the dashboard of alerts."""

from tools.dashboards.panels import About, PanelBuilder, Query, graph
from tools.dashboards.selectors import own, own_rate
from tools.dashboards.thresholds import above

_NO_PATH = "storage.path is not set, or storage.history is 0: nothing is kept on disk"
_NO_EVENTS = "Prometheus does not scrape the daemon itself"


def panels() -> list[PanelBuilder]:
    """All of the row."""
    return [_bytes(), _span(), _failures(), _events(), _stored(), _lost()]


def _bytes() -> PanelBuilder:
    text = (
        "What blocks, the write-ahead log and events take. Normal: steady after storage.history has passed "
        "once, and below storage.history_size; then the oldest go."
    )
    return graph(
        About("History on disk", "bytes", text, _NO_PATH),
        Query(f"sum({own('redis_vigil_history_bytes')})", "blocks"),
        Query(f"sum({own('redis_vigil_history_wal_bytes')})", "write-ahead log"),
        Query(f"sum({own('redis_vigil_events_bytes')})", "events"),
        width=8,
        stacked=True,
    )


def _span() -> PanelBuilder:
    text = (
        "How far back the samples on disk reach. Normal: grows until storage.history. Otherwise: "
        "storage.history_size is too small for it."
    )
    query = f"time() - min({own('redis_vigil_history_lowest_timestamp_seconds')})"
    missing = "There is no block yet, the first comes within half an hour; or storage.path is not set"
    return graph(About("Span of the history", "s", text, missing), Query(query, "span"), width=8)


def _failures() -> PanelBuilder:
    text = (
        "Writes and runs of maintenance that failed, files that were set aside, and passes that were lost. "
        "Normal: 0. Otherwise: the disk is full or damaged; the log says which file."
    )

    def of(metric: str) -> str:
        return f"sum({own_rate(metric, function='increase')})"

    return graph(
        About("Failures of the history", "short", text, _NO_PATH),
        Query(of("redis_vigil_history_wal_failures_total"), "writes"),
        Query(of("redis_vigil_history_maintenance_failures_total"), "maintenance"),
        Query(of("redis_vigil_history_damaged_blocks_total"), "damaged blocks"),
        Query(of("redis_vigil_history_wal_corruptions_total"), "damaged write-ahead logs"),
        Query(of("redis_vigil_history_lost_rows_total"), "lost passes"),
        width=8,
        limits=above(1),
    )


def _events() -> PanelBuilder:
    text = "Events that were kept, by kind. Normal: few, but for slow commands of a busy server."
    query = f"sum by (kind) ({own_rate('redis_vigil_events_total', function='increase')}) > 0"
    about = About("Events", "short", text, "Nothing has happened in this time")
    return graph(about, Query(query, "{{kind}}"), bars=True, stacked=True, width=8)


def _stored() -> PanelBuilder:
    text = (
        "How many events are kept. Normal: steady after storage.history has passed once; a million at most."
    )
    query = f"sum({own('redis_vigil_events_stored')})"
    return graph(About("Events kept", "short", text, _NO_EVENTS), Query(query, "events"), width=8)


def _lost() -> PanelBuilder:
    text = (
        "Events that wait to be written, and those that were lost: no room to wait (queue), or too many are "
        "kept (evicted). Normal: 0. Otherwise: see the disk, or raise storage.events_size."
    )
    lost = own_rate("redis_vigil_events_dropped_total", function="increase")
    return graph(
        About("Waiting and lost events", "short", text, _NO_EVENTS),
        Query(f"sum({own('redis_vigil_events_waiting')})", "waiting"),
        Query(f"sum by (reason) ({lost})", "{{reason}}"),
        width=8,
        limits=above(1000),
    )
