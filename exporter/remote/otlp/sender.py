"""One request to the receiver, and what its answer means.

Source: opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Response", "Partial Success" and "Failures".
"""

import asyncio
import os
from collections.abc import Callable
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

from exporter.config.fields import required_environment
from exporter.config.otlp import OtlpSection
from exporter.http_client.transport import Answer
from exporter.model.http_url import HttpUrl
from exporter.notify.http import no_answer
from exporter.notify.refusals import refusal
from exporter.notify.secrets import reveal
from exporter.notify.transport import ReceiverTransport
from exporter.remote.otlp.payload import Payload

_NAME: Final = "otlp"
_RETRIED: Final = frozenset({429, 502, 503, 504})
_MAX_SHOWN: Final = 300
_OFF: Final = {
    "metrics": "otlp.metrics: false",
    "logs": "otlp.logs: {alerts: false, events: false}",
}


class Sender:
    """Posts the requests of one signal as a section says; files with headers are read each time."""

    def __init__(self, section: OtlpSection, signal: str, now: Callable[[], float]) -> None:
        assert section.endpoint is not None
        self._section = section
        self._signal = signal
        self._now = now
        self._url: HttpUrl = section.endpoint.with_path(f"/v1/{signal}")
        self._timeout_seconds = section.timeout.seconds
        self._transport = ReceiverTransport(section.http_config, _NAME, self._timeout_seconds)

    async def send(self, payload: Payload) -> tuple[int, str]:
        """Send a request; returns how many items of it the receiver rejected, and what it says to that.

        Raises `NotifyError`, which says whether the request is worth a retry.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._transport.post(self._url.reveal(), payload.body, self._headers(payload))
        except TimeoutError:
            raise no_answer(_NAME, self._url.shown, self._timeout_seconds) from None
        self._check(answer)
        return _rejected(answer, self._signal)

    def _headers(self, payload: Payload) -> dict[str, str]:
        section = self._section
        headers = {"Content-Type": "application/x-protobuf"}
        if payload.is_gzip:
            headers["Content-Encoding"] = "gzip"
        headers |= {name: value.reveal() for name, value in section.headers.items()}
        headers |= {name: reveal(None, path) for name, path in section.headers_file.items()}
        for name, variable in section.headers_env.items():
            headers[name] = required_environment(variable, os.environ.get)
        return headers

    def _check(self, answer: Answer) -> None:
        """Raise `NotifyError` for an answer that means that nothing was taken."""
        status = answer.status
        if 200 <= status < 300:
            return
        message = f"{_NAME}: {self._url.shown}: unexpected status code {status}"
        if answer.text:
            message += f": {answer.text}"
        if status == 404:
            message += f"; where it takes no {self._signal}: {_OFF[self._signal]}"
        raise refusal(message, answer, self._now(), is_retryable=status in _RETRIED)


def _rejected(answer: Answer, signal: str) -> tuple[int, str]:
    """Return the items that an answer rejects, and its message; an answer of another form rejects none."""
    try:
        if signal == "metrics":
            metrics = ExportMetricsServiceResponse.FromString(answer.body).partial_success
            return max(0, metrics.rejected_data_points), _shown(metrics.error_message)
        logs = ExportLogsServiceResponse.FromString(answer.body).partial_success
        return max(0, logs.rejected_log_records), _shown(logs.error_message)
    except DecodeError:
        return 0, ""


def _shown(text: str) -> str:
    """The beginning of a text from outside, on one line."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= _MAX_SHOWN else line[: _MAX_SHOWN - 1] + "…"
