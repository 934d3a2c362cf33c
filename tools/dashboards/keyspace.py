"""What the keys are: by pattern, by time to live, by size."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tools.dashboards import variables
from tools.dashboards.columns import Column, Key, rows_by
from tools.dashboards.frame import Group, assemble
from tools.dashboards.panels import About, PanelBuilder, Query, graph, heat, number
from tools.dashboards.selectors import DATABASE, best, of
from tools.dashboards.thresholds import above

_NO_SCAN = "No keyspace scan has finished yet, or the sampler keyspace is off"
_TOP = 20


def keyspace() -> Dashboard:
    """The dashboard."""
    return assemble(
        "keyspace",
        "Keyspace",
        "What takes the memory: keys by pattern, what never expires, what grows, the biggest keys.",
        [
            Group("Now", [_keys(), _without_ttl(), _accounted(), _progress(), _scan_age(), _error()]),
            Group("Patterns", [_memory(), _key_counts(), _patterns(), _growth(), _never_expiring()]),
            Group("Times", [_times_to_live(), _idle_times()]),
            Group("Types and big keys", [_types(), _big_keys(), _biggest()]),
            Group("Scan", [_scan_progress(), _scan_duration(), _errors()]),
        ],
        [variables.database],
    )


def _by_pattern(name: str) -> str:
    return best(of(f"redis_keyspace_pattern_{name}", DATABASE), "db", "pattern")


def _top(expression: str) -> str:
    return f"topk({_TOP}, {expression})"


_PATTERN = "{{instance}} {{db}} {{pattern}}"


def _keys() -> PanelBuilder:
    text = "Keys as the server counts them. Normal: steady, or rising with your users."
    query = f"sum({best(of('redis_db_keys', DATABASE), 'db')})"
    return number(About("Keys", "short", text, "The server does not answer"), Query(query, "keys"))


def _without_ttl() -> PanelBuilder:
    text = (
        "Keys that never expire, in parts of all. Normal: what you keep on purpose. On a cache it should "
        "be near 0: the patterns below show which forget their TTL."
    )
    share = f"sum({_by_pattern('keys_without_ttl')}) / sum({_by_pattern('keys')})"
    return number(
        About("Without TTL", "percentunit", text, _NO_SCAN), Query(share, "without TTL"), decimals=1
    )


def _accounted() -> PanelBuilder:
    text = (
        "Memory of all keys as the last scan found it, in parts of the memory for data. Normal: 80 "
        "to 160 %, since its entry in the server's tables counts with a key; far from it, the keyspace has "
        "changed since the scan, or is too small to tell."
    )
    query = best(of("redis_keyspace_memory_accounted_ratio"))
    return number(About("Memory accounted for", "percentunit", text, _NO_SCAN), Query(query), decimals=0)


def _progress() -> PanelBuilder:
    text = (
        "How much of the scan under way is done; 100 % between scans. Normal: moves on. "
        "redis_keyspace_scan_remaining_seconds tells how long it still takes, redis_keyspace_scan_late what "
        "holds it up."
    )
    query = best(of("redis_keyspace_scan_progress_ratio"))
    return number(About("Scan", "percentunit", text, _NO_SCAN), Query(query), decimals=0)


def _scan_age() -> PanelBuilder:
    text = (
        "Time since the last scan was finished. Normal: below an hour, as set by samplers.keyspace.interval. "
        "Otherwise: the scan is throttled since the server is slow or busy."
    )
    query = f"time() - {best(of('redis_keyspace_scan_last_completed_timestamp_seconds'))}"
    about = About("Age of the scan", "s", text, _NO_SCAN)
    return number(about, Query(query), limits=above(3600, 86_400), decimals=0)


def _error() -> PanelBuilder:
    text = (
        "Median over the patterns of the error of their memory: half the 95 % interval in parts of the "
        "value. Normal: below 10 %. Otherwise: raise samplers.keyspace.budget."
    )
    query = f"quantile(0.5, {_by_pattern('memory_bytes_error_ratio')})"
    about = About("Error of the estimate", "percentunit", text, _NO_SCAN)
    return number(about, Query(query, "error"), limits=above(0.1, 0.3), decimals=1)


def _memory() -> PanelBuilder:
    text = (
        f"The {_TOP} patterns that take most. Normal: steady proportions. Otherwise: the layer that grows "
        "is what to shorten, expire or move away."
    )
    about = About("Memory by pattern", "bytes", text, _NO_SCAN)
    return graph(about, Query(_top(_by_pattern("memory_bytes")), _PATTERN), stacked=True)


def _key_counts() -> PanelBuilder:
    text = (
        f"The {_TOP} patterns with most keys. Normal: steady proportions. Many tiny keys could be one hash."
    )
    about = About("Keys by pattern", "short", text, _NO_SCAN)
    return graph(about, Query(_top(_by_pattern("keys")), _PATTERN), stacked=True)


def _patterns() -> PanelBuilder:
    text = (
        "Every pattern. Without TTL: keys that never expire. Growth: since the scan before. Error: half "
        "the 95 % interval of the memory in parts of the value; 0 where every key was asked. Normal: "
        "nothing grows for ever."
    )
    keys = [Key("instance", "Instance"), Key("db", "Database"), Key("pattern", "Pattern")]
    without = f"{_by_pattern('keys_without_ttl')} / ({_by_pattern('keys')} > 0)"
    columns = [
        Column("Memory", _by_pattern("memory_bytes"), "bytes"),
        Column("Keys", _by_pattern("keys"), "short"),
        Column("Without TTL", without, "percentunit", above(0.5)),
        Column("Growth per hour", _by_pattern("memory_growth_bytes_per_hour"), "bytes"),
        Column("Biggest key", _by_pattern("max_key_memory_bytes"), "bytes", above(10 << 20, 100 << 20)),
        Column("Error", _by_pattern("memory_bytes_error_ratio"), "percentunit", above(0.1, 0.3)),
    ]
    return rows_by(About("Patterns", "short", text, "–"), keys, columns, sort="Memory", height=10)


def _growth() -> PanelBuilder:
    text = (
        "How fast the memory of patterns grows, from one scan to the next. Normal: around 0. Otherwise: "
        "see whether that pattern has TTLs. There is no growth before the second scan."
    )
    about = About(
        "Growth by pattern", "bytes", text, "Known from the second scan on, if half a minute has passed"
    )
    query = f"topk({_TOP}, {_by_pattern('memory_growth_bytes_per_hour')} > 0)"
    return graph(about, Query(query, _PATTERN + " per hour"))


def _never_expiring() -> PanelBuilder:
    text = "Keys without a TTL by pattern. Normal: steady. What rises here stays for ever."
    about = About("Keys without a TTL", "short", text, _NO_SCAN)
    return graph(about, Query(_top(_by_pattern("keys_without_ttl")), _PATTERN))


def _buckets(metric: str) -> str:
    return f"sum by (le) ({best(of(f'{metric}_bucket', DATABASE), 'db', 'le')})"


def _times_to_live() -> PanelBuilder:
    text = (
        "How long the keys that expire still have, scan by scan. Normal: spread out. A single hot line "
        "means that they all expire at once: add some chance to the TTLs."
    )
    about = About("Time to live", "s", text, "No key expires, or no scan has finished yet")
    return heat(about, Query(_buckets("redis_keyspace_ttl_seconds"), "{{le}}"))


def _idle_times() -> PanelBuilder:
    text = (
        "How long ago keys were last used, scan by scan. Normal: what you keep is used. Keys that nobody "
        "has used for days could go. A server that evicts by LFU does not know it."
    )
    missing = "Not sampled: the server evicts by LFU, or refuses OBJECT, or no scan has finished yet"
    about = About("Idle time", "s", text, missing)
    return heat(about, Query(_buckets("redis_keyspace_idle_seconds"), "{{le}}"), scheme="Blues")


def _types() -> PanelBuilder:
    text = "Memory by type. Normal: steady proportions."
    query = best(of("redis_keyspace_type_memory_bytes", DATABASE), "db", "type")
    about = About("Memory by type", "bytes", text, _NO_SCAN)
    return graph(about, Query(query, "{{instance}} {{db}} {{type}}"), stacked=True)


def _big_keys() -> PanelBuilder:
    text = "Big keys: strings over 1 MB, and collections of more than 1,000 elements. Normal: few, and known."
    query = best(of("redis_keyspace_big_keys", DATABASE), "db", "type")
    about = About("Big keys", "short", text, _NO_SCAN)
    return graph(about, Query(query, "{{instance}} {{db}} {{type}}"))


def _biggest() -> PanelBuilder:
    text = (
        "The biggest keys of each type. Growing: in how many scans in a row. Normal: below 10 MB; "
        "deleting or reading a huge key holds up everybody. Otherwise: split it, trim it, delete it with "
        "UNLINK."
    )
    labels = ("db", "type", "key")
    keys = [Key("instance", "Instance"), Key("db", "Database"), Key("type", "Type"), Key("key", "Key")]
    memory, length, growing = (
        best(of(f"redis_keyspace_biggest_key_{name}", DATABASE), *labels)
        for name in ("memory_bytes", "length", "growing_passes")
    )
    columns = [
        Column("Memory", memory, "bytes", above(10 << 20, 100 << 20)),
        Column("Length", length, "short"),
        Column("Growing", growing, "short", above(3, 10)),
    ]
    return rows_by(About("Biggest keys", "short", text, "–"), keys, columns, sort="Memory")


def _scan_progress() -> PanelBuilder:
    text = (
        "Progress of the scans over time. Normal: a saw. A long flat line below 100 %: the scan is held back."
    )
    about = About("Scan progress", "percentunit", text, _NO_SCAN)
    query = best(of("redis_keyspace_scan_progress_ratio"))
    return graph(about, Query(query), width=8)


def _scan_duration() -> PanelBuilder:
    text = "How long scans take. Normal: well below their interval; they give way to a slow server."
    about = About("Duration of scans", "s", text, _NO_SCAN)
    return graph(about, Query(best(of("redis_keyspace_scan_duration_seconds"))), width=8)


def _errors() -> PanelBuilder:
    text = (
        "Error of the memory of the patterns that take most. Normal: below 10 %, 0 where every key was asked."
    )
    about = About("Error by pattern", "percentunit", text, _NO_SCAN)
    query = Query(_top(_by_pattern("memory_bytes_error_ratio")), _PATTERN)
    return graph(about, query, width=8, limits=above(0.1, 0.3))
