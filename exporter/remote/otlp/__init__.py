"""OTLP: metrics and logs to an OpenTelemetry collector, by HTTP and protobuf.

Source: opentelemetry.io/docs/specs/otlp (1.x), its data model of metrics and logs, and the messages of the
package opentelemetry-proto.
"""

from exporter.remote.otlp.exporter import OtlpExporter

__all__ = ["OtlpExporter"]
