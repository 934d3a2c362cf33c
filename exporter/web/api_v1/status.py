"""`status/*` and `notifications`: what the daemon is, and whether something is wrong with it."""

import os
import platform
import socket
from collections.abc import Sequence
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import exporter
from exporter.clock import Clock, to_milliseconds
from exporter.config.fields import format_size
from exporter.model.duration import format_duration
from exporter.promql import MemoryBudget
from exporter.promql.expression import DEFAULT_LOOKBACK_MS
from exporter.remote.read.answer import MAX_FRAME_BYTES, MAX_SAMPLES
from exporter.store import Store
from exporter.web.api_v1.moments import write_moment
from exporter.web.api_v1.query import LIMITS
from exporter.web.api_v1.read import MAX_CONCURRENCY as READ_CONCURRENCY
from exporter.web.api_v1.reply import Answer, api
from exporter.web.directory import ReloadState

# What Grafana and promtool take the daemon for: the Prometheus whose API this is.
_API_VERSION = "3.0.0"
_RETENTION_FLAGS = ("storage.tsdb.retention.time", "storage.tsdb.retention.size")


class KeptOnDisk(Protocol):
    """How long samples are kept on disk, in milliseconds, and how many bytes they may take."""

    retention_ms: int
    max_bytes: int


def routes(
    store: Store,
    clock: Clock,
    reload: ReloadState,
    query_budget: MemoryBudget | None = None,
    history: KeptOnDisk | None = None,
) -> Sequence[Route]:
    """Return the routes about the daemon itself; without a history samples are kept in memory alone."""
    status = _Status(store, clock, reload, query_budget or MemoryBudget(), history)
    return (
        Route("/api/v1/status/flags", api(status.flags), methods=["GET"]),
        Route("/api/v1/status/tsdb/blocks", api(_blocks), methods=["GET"]),
        Route("/api/v1/status/walreplay", api(_replay), methods=["GET"]),
        Route("/api/v1/notifications", api(status.notifications), methods=["GET"]),
        Route("/api/v1/notifications/live", _end_notifications, methods=["GET"]),
        Route("/api/v1/status/buildinfo", api(_build_info), methods=["GET"]),
        Route("/api/v1/status/runtimeinfo", api(status.runtime_info), methods=["GET"]),
    )


class _Status:
    """The endpoints about the state of the daemon."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        reload: ReloadState,
        budget: MemoryBudget,
        history: KeptOnDisk | None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._reload = reload
        self._budget = budget
        self._history = history
        self._started_at = clock.now()

    async def runtime_info(self, _: Request) -> Answer:
        """Answer how the daemon runs."""
        return Answer(
            {
                "startTime": write_moment(to_milliseconds(self._started_at)),
                "CWD": os.getcwd(),
                "hostname": socket.gethostname(),
                "serverTime": write_moment(to_milliseconds(self._clock.now())),
                "lastConfigTime": write_moment(to_milliseconds(self._reload.loaded_at)),
                "timeSeriesCount": self._store.series_count,
                "storageRetention": " or ".join(self._retention),
                "reloadConfigSuccess": self._reload.succeeded,
                "restartNeeded": list(self._reload.restart_needed),
                "configWarnings": list(self._reload.warnings),
            }
        )

    async def flags(self, _: Request) -> Answer:
        """Answer the flags of Prometheus that have a meaning here."""
        return Answer(
            {
                "query.lookback-delta": format_duration(DEFAULT_LOOKBACK_MS),
                "query.max-samples": str(LIMITS.samples),
                "query.timeout": f"{self._budget.timeout_seconds:g}s",
                "storage.remote.read-concurrent-limit": str(READ_CONCURRENCY),
                "storage.remote.read-max-bytes-in-frame": str(MAX_FRAME_BYTES),
                "storage.remote.read-sample-limit": str(MAX_SAMPLES),
                **dict(zip(_RETENTION_FLAGS, self._retention, strict=False)),
            }
        )

    @property
    def _retention(self) -> Sequence[str]:
        """How long samples are kept, and on disk how much they may take."""
        if self._history is None:
            return [format_duration(self._store.retention_ms)]
        return [format_duration(self._history.retention_ms), format_size(self._history.max_bytes)]

    async def notifications(self, _: Request) -> Answer:
        """Answer the notifications of Prometheus' own pages."""
        return Answer(_notifications(self._reload.succeeded, self._reload.loaded_at))


async def _build_info(_: Request) -> Answer:
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


async def _end_notifications(_: Request) -> Response:
    # 204 tells an EventSource not to come back: there is nothing to follow.
    return Response(status_code=204)


async def _replay(_: Request) -> Answer:
    # There is no write-ahead log.
    return Answer({"min": 0, "max": 0, "current": 0})


async def _blocks(_: Request) -> Answer:
    return Answer({"blocks": []})


def _notifications(reload_successful: bool, loaded_at: float) -> list[dict[str, Any]]:
    """Return the notifications that Prometheus' own pages show at their top."""
    if reload_successful:
        return []
    return [
        {
            "text": "Configuration reload has failed.",
            "date": write_moment(to_milliseconds(loaded_at)),
            "active": True,
        }
    ]
