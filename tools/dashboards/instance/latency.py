"""Latency: as a client feels it, and as the server counts it."""

from tools.dashboards.instance.commands import TOP
from tools.dashboards.panels import About, PanelBuilder, Query, graph
from tools.dashboards.selectors import best, of, rate_of
from tools.dashboards.thresholds import above

_DOWN = "The server does not answer"
_TOO_OLD = "The server is older than Redis 7, or latency-tracking is off"
_MICROSECONDS = "1e6"
# The server's histograms are read once a minute.
_WINDOW = "5m"


def panels() -> list[PanelBuilder]:
    """All of the row."""
    return [felt(), _mean(), _quantile(0.5), _quantile(0.99)]


def felt(width: int = 12) -> PanelBuilder:
    """Round trips of a PING."""
    text = (
        "Round trips of a PING from the daemon: network, queueing and server. Normal: below a few "
        "milliseconds. Otherwise: compare with the latency by command. If that is fine, it is the network "
        "or the CPU."
    )
    return graph(
        About("Latency as felt", "s", text, _DOWN),
        Query(_ping_quantile(0.5), "{{instance}} p50"),
        Query(_ping_quantile(0.99), "{{instance}} p99"),
        width=width,
        limits=above(0.01, 0.1),
    )


def _ping_quantile(quantile: float) -> str:
    buckets = best(rate_of("redis_ping_duration_seconds_bucket"), "le")
    return f"histogram_quantile({quantile}, {buckets})"


def _mean() -> PanelBuilder:
    text = (
        "Mean server time per call, of the slowest commands. Normal: microseconds; milliseconds are too much."
    )
    seconds = best(rate_of("redis_commands_duration_seconds_total"), "cmd")
    calls = best(rate_of("redis_commands_total"), "cmd")
    query = f"topk({TOP}, {seconds} / ({calls} > 0))"
    return graph(
        About("Mean latency by command", "s", text, _DOWN),
        Query(query, "{{instance}} {{cmd}}"),
        limits=above(0.01, 0.1),
    )


def _quantile(quantile: float) -> PanelBuilder:
    share = f"{quantile:.0%}"
    text = (
        f"Server time within which {share} of the calls end, of the slowest commands, as the server counts "
        "it. Normal: microseconds. Otherwise: the dashboard Slow commands shows which calls they are."
    )
    buckets = best(f"rate({of('redis_commands_latencies_usec_bucket')}[{_WINDOW}])", "cmd", "le")
    query = f"topk({TOP}, histogram_quantile({quantile}, {buckets}) / {_MICROSECONDS} > 0)"
    return graph(
        About(f"Latency p{quantile * 100:.0f} by command", "s", text, _TOO_OLD),
        Query(query, "{{instance}} {{cmd}}"),
        limits=above(0.01, 0.1),
    )
