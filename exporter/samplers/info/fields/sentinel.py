"""INFO section Sentinel: the sentinel itself, and one line per primary, `master0:name=m,status=ok,…`."""

from typing import Final

from exporter.samplers.info.fields.declaration import FLAG, SECONDS, Counter, Field, Gauge

SECTION: Final = "Sentinel"

_MASTER: Final = ("master_name", "master_address")

STATUS: Final = Gauge(
    "master*: status",
    "redis_sentinel_master_status",
    "Whether the sentinel finds a primary ok; what else it says is a label.",
    unit=FLAG,
    since="2.6",
    labels=(*_MASTER, "master_status"),
)
SLAVES: Final = Gauge(
    "master*: slaves",
    "redis_sentinel_master_slaves",
    "Replicas of a primary that the sentinel knows.",
    since="2.6",
    labels=_MASTER,
)
SENTINELS: Final = Gauge(
    "master*: sentinels",
    "redis_sentinel_master_sentinels",
    "Sentinels that watch a primary, this one included.",
    since="2.6",
    labels=_MASTER,
)

FIELDS: Final[tuple[Field, ...]] = (
    Gauge("sentinel_masters", "redis_sentinel_masters", "Primaries that the sentinel watches.", since="2.6"),
    Gauge(
        "sentinel_tilt",
        "redis_sentinel_tilt",
        "Whether the sentinel is in TILT mode, in which it only watches.",
        unit=FLAG,
        since="2.6",
    ),
    Gauge(
        "sentinel_tilt_since_seconds",
        "redis_sentinel_tilt_since_seconds",
        "How long TILT mode has lasted; only while it does.",
        unit=SECONDS,
        since="7.0",
    ),
    Counter(
        "sentinel_total_tilt",
        "redis_sentinel_total_tilt",
        "Times that the sentinel went into TILT mode.",
        since="8.0, Valkey 9.0",
    ),
    Gauge(
        "sentinel_running_scripts",
        "redis_sentinel_running_scripts",
        "Notification scripts that run.",
        since="2.6",
    ),
    Gauge(
        "sentinel_scripts_queue_length",
        "redis_sentinel_scripts_queue_length",
        "Notification scripts that wait to be run.",
        since="2.6",
    ),
    Gauge(
        "sentinel_simulate_failure_flags",
        "redis_sentinel_simulate_failure_flags",
        "Failures that SENTINEL SIMULATE-FAILURE asks for, as bits.",
        since="3.2",
    ),
)
COMPOSITE: Final[tuple[Field, ...]] = (STATUS, SLAVES, SENTINELS)
