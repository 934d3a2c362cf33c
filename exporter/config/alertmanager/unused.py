"""`event_recorder` and `tracing`: read, and used for nothing.

What was sent is kept in the history of notifications.

Source: eventrecorder and tracing/config.go of Alertmanager 0.34.
"""

from typing import Annotated, Literal

from pydantic import Field

from exporter.config.alertmanager.globals import SecretUrl
from exporter.config.alertmanager.http import Headers, HttpConfig, TlsConfig
from exporter.config.alertmanager.scalars import Flag, Text
from exporter.config.fields import Duration, RelativePath, Section

_Count = Annotated[int, Field(ge=0)]


class FileOutput(Section):
    """A file."""

    path: RelativePath


class StdoutOutput(Section):
    """The standard output."""


class WebhookOutput(Section):
    """An HTTP endpoint."""

    url: SecretUrl
    http_config: HttpConfig | None = None
    timeout: Duration = Duration(0)
    workers: int = 0
    max_retries: int = 0
    retry_backoff: Duration = Duration(0)
    batch: Flag = False
    batch_max_events: _Count = 0
    batch_max_bytes: _Count = 0
    batch_flush_interval: Duration = Duration(0)


class KafkaOutput(Section):
    """A topic of Kafka."""

    brokers: tuple[Text, ...] = Field(min_length=1)
    topic: Text = Field(min_length=1)
    client_id: Text = ""
    format: Text = ""
    acks: Text | int = ""
    compression: Text = ""
    buffer_size: int = 0
    tls_config: TlsConfig | None = None


class EventRecorder(Section):
    """Where Alertmanager writes down what it does."""

    file_outputs: tuple[FileOutput, ...] = ()
    webhook_outputs: tuple[WebhookOutput, ...] = ()
    kafka_outputs: tuple[KafkaOutput, ...] = ()
    stdout_outputs: tuple[StdoutOutput, ...] = ()


class Tracing(Section):
    """Where Alertmanager sends traces of itself."""

    client_type: Literal["http", "grpc"] = "grpc"
    endpoint: Text = ""
    sampling_fraction: float = 0.0
    insecure: Flag = False
    tls_config: TlsConfig | None = None
    headers: Headers = Field(default_factory=dict)
    compression: Literal["", "gzip"] = ""
    timeout: Duration = Duration(0)
