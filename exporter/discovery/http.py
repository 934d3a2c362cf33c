"""Servers listed by an HTTP endpoint."""

import asyncio
import json
from collections.abc import Sequence

import httpx

from exporter.config.alertmanager.http import HttpConfig
from exporter.config.discovery import HttpSection
from exporter.discovery.base import Found, Template
from exporter.discovery.groups import read_groups
from exporter.errors import DiscoveryError, Reason
from exporter.http_client.decoding import is_known
from exporter.http_client.transport import Answer, Transport

_TIMEOUT_SECONDS = 20.0
_MAX_BYTES = 8 << 20


class HttpSource:
    """Asks an endpoint of Prometheus' http_sd."""

    def __init__(self, section: HttpSection) -> None:
        self.name = f"http {section.url}"
        self.interval_seconds = section.refresh_interval.seconds
        self._url = section.url.reveal()
        self._template = Template.of(section)
        self._transport = Transport(
            HttpConfig(proxy_from_environment=True, enable_http2=False),
            "discovery",
            timeout_seconds=_TIMEOUT_SECONDS,
            most_bytes=_MAX_BYTES,
        )
        self._headers = {
            "accept": "application/json",
            "x-prometheus-refresh-interval-seconds": f"{self.interval_seconds:g}",
        }

    async def find(self) -> Sequence[Found]:
        """The servers that the endpoint lists."""
        answer = await self._ask()
        if answer.status != httpx.codes.OK:
            raise DiscoveryError(f"answered with status {answer.status}")
        if answer.encoding:
            raise DiscoveryError(f"the answer {_not_unpacked(answer.encoding)}", Reason.PROTOCOL)
        if answer.is_cut:
            raise DiscoveryError(f"the answer is larger than {_MAX_BYTES >> 20} MiB", Reason.PROTOCOL)
        # Apart from the event loop: a long list takes its time.
        return await asyncio.to_thread(self._read, answer.body)

    def _read(self, body: bytes) -> Sequence[Found]:
        try:
            return read_groups(json.loads(body), self._template)
        except (ValueError, RecursionError) as error:
            raise DiscoveryError("the answer is not JSON", Reason.PROTOCOL) from error

    async def _ask(self) -> Answer:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return await self._transport.send("GET", self._url, self._headers)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise DiscoveryError("no answer in time", Reason.TIMEOUT) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise DiscoveryError(f"no answer: {type(error).__name__}", Reason.UNREACHABLE) from error


def _not_unpacked(encoding: str) -> str:
    name = encoding[:20]
    return (
        f"is not {name}, as it says" if is_known(encoding) else f"is encoded as {name!r}: only gzip is taken"
    )
