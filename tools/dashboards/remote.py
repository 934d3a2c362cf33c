"""What the daemon sends to others by remote write and OTLP, a part of the dashboard of alerts."""

from tools.dashboards.panels import About, PanelBuilder, Query, graph
from tools.dashboards.selectors import own, own_rate
from tools.dashboards.thresholds import above

_NO_REMOTE_WRITE = "remote_write is not configured, or Prometheus does not scrape the daemon itself"
_NO_OTLP = "otlp.endpoint is not set, or Prometheus does not scrape the daemon itself"
_ALL_WELL = "Nothing has failed, or nothing is sent by OTLP"


def panels() -> list[PanelBuilder]:
    """All of the row."""
    return [_lag(), _samples(), _failures(), _items(), _queues(), _otlp_failures()]


def _lag() -> PanelBuilder:
    text = (
        "By how much the newest sample of each receiver is older than the newest that there is. Normal: "
        "seconds. Otherwise: it is away or too slow; it gets all of it later, in order."
    )
    newest = f"max({own('prometheus_remote_storage_highest_timestamp_in_seconds')})"
    sent = f"max by (remote_name) ({own('prometheus_remote_storage_queue_highest_sent_timestamp_seconds')})"
    query = f"clamp_min(scalar({newest}) - {sent}, 0)"
    about = About("Lag of remote write", "s", text, _NO_REMOTE_WRITE)
    return graph(about, Query(query, "{{remote_name}}"), width=8, limits=above(120))


def _samples() -> PanelBuilder:
    text = "Samples that are sent per second. Normal: steady; more while what was missed is sent later."
    query = f"sum by (remote_name) ({own_rate('prometheus_remote_storage_samples_total')})"
    about = About("Samples by remote write", "short", text, _NO_REMOTE_WRITE)
    return graph(about, Query(query, "{{remote_name}}"), width=8)


def _failures() -> PanelBuilder:
    text = (
        "Samples that were refused, never sent, or sent again. Normal: 0. Otherwise: the log has what the "
        "receiver says; those that are sent again arrive once it is back."
    )

    def of(metric: str, *labels: str) -> str:
        rate = own_rate(f"prometheus_remote_storage_{metric}", function="increase")
        return f"sum by ({', '.join(('remote_name', *labels))}) ({rate})"

    return graph(
        About("Failures of remote write", "short", text, _NO_REMOTE_WRITE),
        Query(of("samples_failed_total"), "{{remote_name}} refused"),
        Query(of("samples_dropped_total", "reason"), "{{remote_name}} {{reason}}"),
        Query(of("samples_retried_total"), "{{remote_name}} again"),
        width=8,
        limits=above(1),
    )


def _items() -> PanelBuilder:
    text = "Data points and log records that the receiver of OTLP took, per second. Normal: steady."
    query = f"sum by (signal) ({own_rate('redis_vigil_otlp_sent_items_total')})"
    return graph(About("Sent by OTLP", "short", text, _NO_OTLP), Query(query, "{{signal}}"), width=8)


def _queues() -> PanelBuilder:
    text = "What waits to be sent by OTLP. Normal: next to nothing; 32 MB at most, then the oldest go."
    query = f"sum by (signal) ({own('redis_vigil_otlp_queue_bytes')})"
    about = About("Queue of OTLP", "bytes", text, _NO_OTLP)
    return graph(about, Query(query, "{{signal}}"), width=8, limits=above(16 << 20))


def _otlp_failures() -> PanelBuilder:
    text = (
        "Requests by OTLP that failed, and data points and log records that will not arrive, by reason. "
        "Normal: 0. Otherwise: the log has what the receiver says."
    )

    def of(metric: str) -> str:
        rate = own_rate(f"redis_vigil_otlp_{metric}", function="increase")
        return f"sum by (signal, reason) ({rate}) > 0"

    return graph(
        About("Failures of OTLP", "short", text, _ALL_WELL),
        Query(of("failed_requests_total"), "{{signal}} requests {{reason}}"),
        Query(of("dropped_items_total"), "{{signal}} dropped {{reason}}"),
        width=8,
        limits=above(1),
    )
