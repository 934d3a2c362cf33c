"""Whoever takes OTLP, for tests: decodes requests by the protocol's package."""

import gzip
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import DataPointFlags, Metric

from exporter.remote.otlp.payload import Payload
from tests.notify.http_listener import Request

Key = tuple[str, frozenset[tuple[str, str]]]
NO_VALUE = DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK


def attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}


@dataclass(frozen=True, slots=True)
class DataPoint:
    """One data point, with its metric and resource; times in milliseconds; `start`: 0 where there is none."""

    resource: Mapping[str, Any]
    metric: Metric
    kind: str
    labels: Mapping[str, Any]
    at: int
    start: int
    raw: Any = field(repr=False)

    @property
    def is_end(self) -> bool:
        return bool(self.raw.flags & NO_VALUE)

    @property
    def value(self) -> float:
        return float(self.raw.as_double)

    def series(self) -> Iterator[tuple[Key, float]]:
        """The series that Prometheus has of it, without those labels that come from the resource."""
        name = self.metric.name
        if self.kind in ("gauge", "sum"):
            yield self._key(name), self.value
            return
        yield self._key(f"{name}_count"), self.raw.count
        yield self._key(f"{name}_sum"), self.raw.sum
        if self.kind == "summary":
            for one in self.raw.quantile_values:
                yield self._key(name, quantile=f"{one.quantile:g}"), one.value
            return
        total = 0
        bounds = [f"{bound:g}" for bound in self.raw.explicit_bounds]
        for bound, count in zip([*bounds, "+Inf"], self.raw.bucket_counts, strict=True):
            total += count
            yield self._key(f"{name}_bucket", le=bound), total

    def _key(self, name: str, **more: str) -> Key:
        return name, frozenset({**self.labels, **more}.items())


def decode(body: bytes) -> ExportMetricsServiceRequest:
    return ExportMetricsServiceRequest.FromString(body)


def body_of(sent: Payload | Request) -> bytes:
    """What was sent, unpacked."""
    is_gzip = sent.is_gzip if isinstance(sent, Payload) else "content-encoding" in sent.headers
    return gzip.decompress(sent.body) if is_gzip else sent.body


def points_of(*sent: Payload | Request) -> list[DataPoint]:
    """All data points, in order; other signals are left out."""
    metrics = [one for one in sent if not (isinstance(one, Request) and one.target.endswith("/v1/logs"))]
    return [point for one in metrics for point in _points(decode(body_of(one)))]


def records_of(*sent: Payload | Request) -> list[tuple[dict[str, Any], LogRecord]]:
    """All log records with the attributes of their resources; other signals are left out."""
    logs = [one for one in sent if not (isinstance(one, Request) and one.target.endswith("/v1/metrics"))]
    return [
        (attributes(part.resource.attributes), record)
        for one in logs
        for part in ExportLogsServiceRequest.FromString(body_of(one)).resource_logs
        for scope in part.scope_logs
        for record in scope.log_records
    ]


def _points(request: ExportMetricsServiceRequest) -> Iterator[DataPoint]:
    for part in request.resource_metrics:
        resource = attributes(part.resource.attributes)
        for scope in part.scope_metrics:
            assert scope.scope.name == "redis-vigil"
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                assert kind is not None
                for point in getattr(metric, kind).data_points:
                    at, start = point.time_unix_nano, point.start_time_unix_nano
                    assert start <= at
                    assert at % 1_000_000 == 0
                    labels = attributes(point.attributes)
                    yield DataPoint(
                        resource, metric, kind, labels, at // 1_000_000, start // 1_000_000, point
                    )
