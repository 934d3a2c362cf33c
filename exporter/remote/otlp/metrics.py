"""Metrics of what is sent by OTLP, by signal: `metrics` or `logs`."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

SIGNALS: Final = ("metrics", "logs")
"""What is sent, each with a queue of its own."""


class OtlpMetrics:
    """Counts of data points and log records, which OpenTelemetry's collector calls items."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sent = Counter(
            "redis_vigil_otlp_sent_items",
            "Data points (signal=metrics) and log records (signal=logs) that the receiver took.",
            ["signal"],
            registry=registry,
        )
        self.dropped = Counter(
            "redis_vigil_otlp_dropped_items",
            "Data points and log records that will not arrive: the receiver took the request without them "
            "(partial_success), or refused it, the queue was full, or the daemon ended.",
            ["signal", "reason"],
            registry=registry,
        )
        self.failed = Counter(
            "redis_vigil_otlp_failed_requests",
            "Requests that failed, by reason; those worth a retry are sent again.",
            ["signal", "reason"],
            registry=registry,
        )
        self.failed_sources = Counter(
            "redis_vigil_otlp_encoding_failures",
            "Times that the samples of one sampler on one target could not be encoded.",
            registry=registry,
        )
        self.queue_length = Gauge(
            "redis_vigil_otlp_queue_length", "Requests that wait to be sent.", ["signal"], registry=registry
        )
        self.queue_bytes = Gauge(
            "redis_vigil_otlp_queue_bytes",
            "How many bytes these have, compressed.",
            ["signal"],
            registry=registry,
        )

    def begin(self, signal: str) -> None:
        """Have the series of a signal from now on, at 0."""
        self.sent.labels(signal)
        self.queue_length.labels(signal).set(0)
        self.queue_bytes.labels(signal).set(0)

    def end(self, signal: str) -> None:
        """Have none of a signal that is sent no more, but for what was counted."""
        self.queue_length.remove(signal)
        self.queue_bytes.remove(signal)
