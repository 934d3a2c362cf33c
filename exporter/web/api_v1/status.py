"""`targets` and `status/*`: what the daemon watches, and what it is."""

import platform
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

import exporter
from exporter.clock import Clock
from exporter.model.duration import format_duration
from exporter.model.target import INSTANCE_LABEL, JOB_LABEL
from exporter.promql.expression import DEFAULT_LOOKBACK_MS
from exporter.samplers.runner import TargetRunner
from exporter.store import Store
from exporter.web.api_v1.query import LIMITS
from exporter.web.api_v1.reply import Answer, api

# What Grafana and promtool take the daemon for: the Prometheus whose API this is.
_API_VERSION = "3.0.0"


def routes(
    runners: Callable[[], Iterable[TargetRunner]],
    store: Store,
    clock: Clock,
    reload_successful: Callable[[], bool],
    restart_needed: Callable[[], Sequence[str]] = tuple,
) -> Sequence[Route]:
    """The routes about the daemon itself; `reload_successful`: whether the last reload was; `restart_needed`:
    the keys of the configuration whose values in the files hold only after a restart."""
    started_at = clock.now()

    async def targets(_: Request) -> Answer:
        active = [_encode_target(runner) for runner in runners()]
        return Answer({"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": {}})

    async def build_info(_: Request) -> Answer:
        return Answer(
            {
                "version": _API_VERSION,
                "revision": exporter.__version__,
                "branch": "redis-vigil",
                "buildUser": "",
                "buildDate": "",
                "goVersion": f"Python {platform.python_version()}",
            }
        )

    async def runtime_info(_: Request) -> Answer:
        return Answer(
            {
                "startTime": datetime.fromtimestamp(started_at, UTC).isoformat().replace("+00:00", "Z"),
                "timeSeriesCount": store.series_count,
                "storageRetention": format_duration(store.retention_ms),
                "reloadConfigSuccess": reload_successful(),
                "restartNeeded": list(restart_needed()),
            }
        )

    async def flags(_: Request) -> Answer:
        return Answer(
            {
                "query.lookback-delta": format_duration(DEFAULT_LOOKBACK_MS),
                "query.max-samples": str(LIMITS.samples),
                "query.timeout": f"{LIMITS.timeout_seconds:g}s",
                "storage.tsdb.retention.time": format_duration(store.retention_ms),
            }
        )

    async def head(_: Request) -> Answer:
        stats = {"numSeries": store.series_count, "numLabelPairs": 0, "chunkCount": 0}
        by_name = sorted(store.series_by_name.items(), key=lambda item: (-item[1], item[0]))
        return Answer(
            {
                "headStats": stats,
                "seriesCountByMetricName": [{"name": name, "value": count} for name, count in by_name[:10]],
                "labelValueCountByLabelName": [],
                "memoryInBytesByLabelName": [],
                "seriesCountByLabelValuePair": [],
            }
        )

    return (
        Route("/api/v1/status/flags", api(flags), methods=["GET"]),
        Route("/api/v1/status/tsdb", api(head), methods=["GET"]),
        Route("/api/v1/targets", api(targets), methods=["GET"]),
        Route("/api/v1/status/buildinfo", api(build_info), methods=["GET"]),
        Route("/api/v1/status/runtimeinfo", api(runtime_info), methods=["GET"]),
    )


def _encode_target(runner: TargetRunner) -> dict[str, Any]:
    status = runner.status.samplers.get("info")
    labels = runner.target.series_labels
    health = {True: "up", False: "down", None: "unknown"}[runner.status.up]
    attempted_at = status.attempted_at if status else 0.0
    return {
        "discoveredLabels": {
            "__address__": str(runner.target.address),
            "__scrape_interval__": f"{_interval(runner):g}s",
            "__scrape_timeout__": f"{_timeout(runner):g}s",
            **labels.without(INSTANCE_LABEL).as_dict(),
        },
        "labels": labels.as_dict(),
        "scrapePool": labels.get(JOB_LABEL),
        "scrapeUrl": str(runner.target.address),
        "globalUrl": str(runner.target.address),
        "lastError": status.message if status else "",
        "lastScrape": datetime.fromtimestamp(attempted_at, UTC).isoformat().replace("+00:00", "Z"),
        "lastScrapeDuration": status.duration_seconds if status else 0.0,
        "health": health,
        "scrapeInterval": f"{_interval(runner):g}s",
        "scrapeTimeout": f"{_timeout(runner):g}s",
    }


def _interval(runner: TargetRunner) -> float:
    return min((plan.interval_seconds for plan in runner.plans), default=0.0)


def _timeout(runner: TargetRunner) -> float:
    return min((plan.timeout_seconds for plan in runner.plans), default=0.0)
