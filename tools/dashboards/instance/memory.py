"""Memory: how much, of what, and until when."""

from tools.dashboards.instance.health import FORECAST_WINDOW, settled
from tools.dashboards.panels import About, PanelBuilder, Query, graph
from tools.dashboards.selectors import best, of, rate_of
from tools.dashboards.thresholds import above

_DOWN = "The server does not answer"
_FORECAST_SECONDS = 4 * 3600


def panels() -> list[PanelBuilder]:
    """All of the row."""
    return [_memory(), _parts(), _fragmentation(), _keys_gone(), _keys()]


def _memory() -> PanelBuilder:
    text = (
        "Used: by data and buffers. RSS: as the system sees it. Peak: the most so far. In 4 h: used, if "
        "it goes on as in the last hour. Normal: used and its forecast well below max, RSS not much above "
        "used."
    )
    used = of("redis_memory_used_bytes")
    forecast = best(f"predict_linear({used}[{FORECAST_WINDOW}], {_FORECAST_SECONDS})")
    return graph(
        About("Memory", "bytes", text, _DOWN),
        Query(best(used), "{{instance}} used"),
        Query(best(of("redis_memory_used_rss_bytes")), "{{instance}} RSS"),
        Query(best(of("redis_memory_used_peak_bytes")), "{{instance}} peak"),
        Query(f"{best(of('redis_memory_max_bytes'))} > 0", "{{instance}} max"),
        Query(f"clamp_min({forecast}, 0) {settled()}", "{{instance}} in 4 h"),
    )


def _parts() -> PanelBuilder:
    text = (
        "What the memory is used for. Normal: mostly data. Otherwise: large buffers of clients come from "
        "slow readers or huge replies; those of replicas from a slow link."
    )
    return graph(
        About("What memory is used for", "bytes", text, _DOWN),
        Query(best(of("redis_memory_used_dataset_bytes")), "{{instance}} data"),
        Query(best(of("redis_memory_used_overhead_bytes")), "{{instance}} overhead"),
        Query(best(of("redis_mem_clients_normal")), "{{instance}} clients"),
        Query(best(of("redis_mem_clients_slaves")), "{{instance}} replicas"),
    )


def _fragmentation() -> PanelBuilder:
    text = (
        "RSS in parts of used memory. Normal: 1 to 1.5; much more on a nearly empty server means nothing. "
        "Above: try activedefrag. Below 1: part of the memory is swapped out, which makes the server "
        "slow."
    )
    about = About("Fragmentation", "none", text, _DOWN)
    return graph(about, Query(best(of("redis_mem_fragmentation_ratio"))), width=8, limits=above(1.5))


def _keys_gone() -> PanelBuilder:
    text = (
        "Keys per second that were evicted for want of memory, or expired. Normal: no evictions, except on a "
        "cache that is meant to be full. Otherwise: raise maxmemory, or shorten TTLs."
    )
    return graph(
        About("Evicted and expired keys", "cps", text, _DOWN),
        Query(best(rate_of("redis_evicted_keys_total")), "{{instance}} evicted"),
        Query(best(rate_of("redis_expired_keys_total")), "{{instance}} expired"),
        width=8,
    )


def _keys() -> PanelBuilder:
    text = "Keys, and those that expire. Normal: steady. Keys that grow without TTLs are a leak."
    keys = f"sum by (instance) ({best(of('redis_db_keys'), 'db')})"
    expiring = f"sum by (instance) ({best(of('redis_db_keys_expiring'), 'db')})"
    return graph(
        About("Keys", "short", text, _DOWN),
        Query(keys, "{{instance}} all"),
        Query(expiring, "{{instance}} with a TTL"),
        width=8,
    )
