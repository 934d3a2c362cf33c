"""Servers listed by an HTTP endpoint."""

import asyncio
from collections.abc import Sequence

import httpx

from exporter.config.alertmanager.http import HttpConfig
from exporter.config.discovery import HttpSection
from exporter.discovery.base import Found, Template
from exporter.discovery.groups import Groups
from exporter.discovery.listing import MAX_BYTES, read_json
from exporter.errors import DiscoveryError, Reason
from exporter.http_client.decoding import is_known
from exporter.http_client.failures import failure_text
from exporter.http_client.transport import Answer, Transport

_TIMEOUT_SECONDS = 20.0


class HttpSource:
    """Asks an endpoint of Prometheus' http_sd; `refused` is what could not be taken of its last answer."""

    def __init__(self, section: HttpSection) -> None:
        self.name = f"http {section.url}"
        self.interval_seconds = section.refresh_interval.seconds
        self._url = section.url.reveal()
        self.refused: Sequence[str] = ()
        self._groups = Groups(Template.of(section))
        self._transport = Transport(
            HttpConfig(proxy_from_environment=True, enable_http2=False),
            "discovery",
            timeout_seconds=_TIMEOUT_SECONDS,
            most_bytes=MAX_BYTES,
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
            raise DiscoveryError(f"the answer is larger than {MAX_BYTES >> 20} MiB", Reason.PROTOCOL)
        # Apart from the event loop: a long list takes its time.
        return await asyncio.to_thread(self._read, answer.body)

    def _read(self, body: bytes) -> Sequence[Found]:
        try:
            made = self._groups.read(read_json(body))
        except DiscoveryError as error:
            raise DiscoveryError(f"the answer: {error}", error.reason) from None
        self.refused = made.refused
        return made.found

    async def _ask(self) -> Answer:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return await self._transport.send("GET", self._url, self._headers)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise DiscoveryError("no answer in time", Reason.TIMEOUT) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise DiscoveryError(f"no answer: {failure_text(error)}", Reason.UNREACHABLE) from error


def _not_unpacked(encoding: str) -> str:
    name = encoding[:20]
    return (
        f"is not {name} to its end, as it says"
        if is_known(encoding)
        else f"is encoded as {name!r}: only gzip is taken"
    )
