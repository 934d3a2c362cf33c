"""Servers listed by an HTTP endpoint."""

import asyncio
import json
import zlib
from collections.abc import Sequence

import httpx

from exporter.config.discovery import HttpSection
from exporter.discovery.base import Found, Template
from exporter.discovery.groups import read_groups
from exporter.errors import DiscoveryError, Reason

_TIMEOUT_SECONDS = 10.0
_MAX_BYTES = 8 << 20
# zlib's way to ask for a gzip header: the largest window, plus 16.
_GZIP = 16 + 15


class HttpSource:
    """Asks an endpoint of Prometheus' http_sd."""

    def __init__(self, section: HttpSection) -> None:
        self.name = f"http {section.url}"
        self.interval_seconds = section.refresh_interval.seconds
        self._url = section.url.reveal()
        self._template = Template.of(section)
        self._headers = {
            "accept": "application/json",
            "accept-encoding": "gzip",
            "x-prometheus-refresh-interval-seconds": f"{self.interval_seconds:g}",
        }

    async def find(self) -> Sequence[Found]:
        """The servers that the endpoint lists."""
        try:
            raw, encoding = await self._fetch()
        except (httpx.TimeoutException, TimeoutError) as error:
            raise DiscoveryError("no answer in time", Reason.TIMEOUT) from error
        except httpx.HTTPError as error:
            raise DiscoveryError(f"no answer: {type(error).__name__}", Reason.UNREACHABLE) from error
        # Apart from the event loop: a long list takes its time.
        return await asyncio.to_thread(self._read, raw, encoding)

    def _read(self, raw: bytes, encoding: str) -> Sequence[Found]:
        try:
            return read_groups(json.loads(_decoded(raw, encoding)), self._template)
        except (ValueError, RecursionError) as error:
            raise DiscoveryError("the answer is not JSON", Reason.PROTOCOL) from error

    async def _fetch(self) -> tuple[bytes, str]:
        """The body as it was sent, and its encoding."""
        body = b""
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=True) as client,
            client.stream("GET", self._url, headers=self._headers) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise DiscoveryError(f"answered with status {response.status_code}")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise _too_large()
            return body, response.headers.get("content-encoding", "identity").strip().lower()


def _decoded(raw: bytes, encoding: str) -> bytes:
    """The body without its compression, which may make some bytes into gigabytes."""
    if encoding in ("", "identity"):
        return raw
    if encoding not in ("gzip", "x-gzip"):
        raise DiscoveryError(
            f"the answer is encoded as {encoding[:20]!r}, which is not accepted", Reason.PROTOCOL
        )
    reader = zlib.decompressobj(_GZIP)
    try:
        body = reader.decompress(raw, _MAX_BYTES)
    except zlib.error as error:
        raise DiscoveryError("the answer is not gzip, as it says", Reason.PROTOCOL) from error
    if reader.unconsumed_tail:
        raise _too_large()
    return body


def _too_large() -> DiscoveryError:
    return DiscoveryError(f"the answer is larger than {_MAX_BYTES >> 20} MiB", Reason.PROTOCOL)
