"""Metrics of remote write, by the names that Prometheus has for its own.

Source: `queueManagerMetrics` in storage/remote/queue_manager.go of github.com/prometheus/prometheus.
"""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from exporter.config.remote_write import RemoteWriteSection

_LABELS: Final = ("remote_name", "url")
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300)
_PREFIX: Final = "prometheus_remote_storage"


class WriteMetrics:
    """Metrics of all receivers."""

    def __init__(self, registry: CollectorRegistry, newest_seconds: Callable[[], float]) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{_PREFIX}_{name}", text, (*_LABELS, *labels), registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"{_PREFIX}_{name}", text, _LABELS, registry=registry)

        self.samples = counter("samples", "Samples that were sent, whether they were taken or refused.")
        self.failed = counter("samples_failed", "Samples that a receiver refused, so that they are lost.")
        self.retried = counter("samples_retried", "Samples that were sent once more, by attempt.")
        self.dropped = counter(
            "samples_dropped",
            "Samples that were not sent: too_old by sample_age_limit; lost: nothing holds them any more.",
            "reason",
        )
        self.metadata = counter("metadata", "Metrics whose type and help text were sent.")
        self.metadata_failed = counter("metadata_failed", "The same, which a receiver refused.")
        self.bytes = counter("bytes", "Bytes of samples that were sent, compressed.")
        self.pending = gauge("samples_pending", "Samples that were read and wait to be taken.")
        self.shards = gauge("shards", "Requests that may be under way at a time.")
        self.shards_min = gauge("shards_min", "The least number of them.")
        self.shards_max = gauge("shards_max", "The highest number of them.")
        self.max_samples = gauge("max_samples_per_send", "How many samples a request holds at most.")
        self.sent_timestamp = gauge(
            "queue_highest_sent_timestamp_seconds",
            "The time of the newest sample that was taken or refused.",
        )
        self.duration = Histogram(
            f"{_PREFIX}_sent_batch_duration_seconds",
            "How long requests took.",
            _LABELS,
            buckets=_BUCKETS,
            registry=registry,
        )
        newest = Gauge(
            f"{_PREFIX}_highest_timestamp_in_seconds",
            "The time of the newest sample that there is.",
            registry=registry,
        )
        newest.set_function(newest_seconds)


class ReceiverMetrics:
    """Metrics of one receiver; `newest_sent_ms` is the time of the newest sample that was sent to it."""

    def __init__(self, metrics: WriteMetrics, section: RemoteWriteSection) -> None:
        self.newest_sent_ms = 0
        self._metrics = metrics
        self._labels = _labels_of(section)
        self.configure(section)

    def configure(self, section: RemoteWriteSection) -> None:
        """Show the settings of a section, under the labels that it has."""
        metrics, labels = self._metrics, _labels_of(section)
        if labels != self._labels:
            self.remove()
        self._labels = labels
        self.samples = metrics.samples.labels(*labels)
        self.failed = metrics.failed.labels(*labels)
        self.retried = metrics.retried.labels(*labels)
        self.too_old = metrics.dropped.labels(*labels, "too_old")
        self.lost = metrics.dropped.labels(*labels, "lost")
        self.metadata = metrics.metadata.labels(*labels)
        self.metadata_failed = metrics.metadata_failed.labels(*labels)
        self.bytes = metrics.bytes.labels(*labels)
        self.pending = metrics.pending.labels(*labels)
        self.shards = metrics.shards.labels(*labels)
        self.sent_timestamp = metrics.sent_timestamp.labels(*labels)
        self.duration = metrics.duration.labels(*labels)
        queue = section.queue_config
        metrics.shards_min.labels(*labels).set(queue.min_shards)
        metrics.shards_max.labels(*labels).set(queue.max_shards)
        metrics.max_samples.labels(*labels).set(queue.max_samples_per_send)
        self.show_sent(self.newest_sent_ms)

    def show_sent(self, newest_ms: int) -> None:
        """A sample of this time (milliseconds) was taken, or refused for good."""
        self.newest_sent_ms = max(self.newest_sent_ms, newest_ms)
        self.sent_timestamp.set(self.newest_sent_ms / 1000)

    def remove(self) -> None:
        """Show nothing of this receiver any more."""
        for name, metric in vars(self._metrics).items():
            if name == "dropped":
                for reason in ("too_old", "lost"):
                    metric.remove(*self._labels, reason)
            else:
                metric.remove(*self._labels)


def _labels_of(section: RemoteWriteSection) -> tuple[str, str]:
    return section.shown_name, section.url.shown
