"""Metric of pictures in messages."""

from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter

Result = Literal["drawn", "empty", "late", "busy", "failed", "refused"]
_RESULTS: Final[tuple[Result, ...]] = ("drawn", "empty", "late", "busy", "failed", "refused")


class PictureMetrics:
    """Counts what became of pictures."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._pictures = Counter(
            "redis_vigil_alert_pictures",
            "Charts of alerts for messages, by result: drawn, empty (no samples), late, busy (too many "
            "at once), failed, or refused by the receiver. The message is sent in any case.",
            ["result"],
            registry=registry,
        )
        for result in _RESULTS:
            self._pictures.labels(result)

    def count(self, result: Result) -> None:
        """Count one."""
        self._pictures.labels(result).inc()
