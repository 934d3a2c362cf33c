"""Servers listed by an HTTP endpoint."""

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from exporter.config.discovery import HttpSection
from exporter.discovery.base import Found, Template
from exporter.discovery.groups import read_groups
from exporter.errors import DiscoveryError, Reason

_TIMEOUT_SECONDS = 10.0
_MAX_BYTES = 8 << 20


class HttpSource:
    """Asks an endpoint of Prometheus' http_sd."""

    def __init__(self, section: HttpSection) -> None:
        parts = urlsplit(section.url)
        self.name = f"http {parts.scheme}://{parts.hostname}{parts.path}"
        self.interval_seconds = section.refresh_interval.seconds
        self._url = section.url
        self._template = Template.of(section)
        self._headers = {
            "accept": "application/json",
            "x-prometheus-refresh-interval-seconds": f"{self.interval_seconds:g}",
        }

    async def find(self) -> Sequence[Found]:
        """The servers that the endpoint lists."""
        try:
            return read_groups(json.loads(await self._fetch()), self._template)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise DiscoveryError("no answer in time", Reason.TIMEOUT) from error
        except httpx.HTTPError as error:
            raise DiscoveryError(f"no answer: {type(error).__name__}", Reason.UNREACHABLE) from error
        except ValueError as error:
            raise DiscoveryError("the answer is not JSON", Reason.PROTOCOL) from error

    async def _fetch(self) -> bytes:
        body = b""
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=True) as client,
            client.stream("GET", self._url, headers=self._headers) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise DiscoveryError(f"answered with status {response.status_code}")
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise DiscoveryError(f"the answer is larger than {_MAX_BYTES >> 20} MiB", Reason.PROTOCOL)
        return body
