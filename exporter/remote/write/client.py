"""Posts requests to one receiver, and tells what its answers mean.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/#response, and `Store` in
storage/remote/client.go of github.com/prometheus/prometheus.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from exporter.config.remote_write import RemoteWriteSection
from exporter.errors import NotifyError
from exporter.http_client.failures import failure_text
from exporter.http_client.keep_alive import KeepAliveTransport
from exporter.http_client.transport import Answer, host_of
from exporter.notify.authorization import Authorizer
from exporter.notify.http import configured_headers
from exporter.notify.retry_after import read_pause

_MAX_ANSWER_BYTES: Final = 64 * 1024
_WRITTEN: Final = "x-prometheus-remote-write-samples-written"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended.

    `written`: how many samples the receiver says that it has taken; None where it says nothing. `problem`:
    why it has not taken them, on one line without secrets; empty where it has. `is_retryable`: whether the
    same request may be taken later, after `pause_seconds` at the earliest.
    """

    written: int | None = None
    problem: str = ""
    is_retryable: bool = False
    pause_seconds: float = 0.0


class RemoteWriteClient:
    """Posts by one section of `remote_write`. `now` returns epoch seconds. Close it."""

    def __init__(self, section: RemoteWriteSection, now: Callable[[], float]) -> None:
        self._section = section
        self._url = section.url.reveal()
        self._now = now
        self._timeout_seconds = section.remote_timeout.seconds
        self._transport = KeepAliveTransport(
            section,
            "receivers",
            timeout_seconds=self._timeout_seconds,
            most_bytes=_MAX_ANSWER_BYTES,
            connections=section.queue_config.max_shards,
        )
        self._authorizer = Authorizer(section, "remote_write", self._timeout_seconds)
        self._under_way = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    async def send(self, body: bytes, headers: Mapping[str, str], *, attempt: int = 0) -> Outcome:
        """Post a compressed request, and wait for the answer; `attempt` counts from 0. Never raises."""
        self._under_way += 1
        self._is_idle.clear()
        try:
            return await self._send(body, headers, attempt)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._is_idle.set()

    async def _send(self, body: bytes, headers: Mapping[str, str], attempt: int) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                own = await self._headers(headers, attempt)
                answer = await self._transport.send("POST", self._url, own, body)
        except TimeoutError:
            return self._failure(f"no answer within {self._timeout_seconds:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OSError) as error:
            # Also of a configuration that cannot be right: once it is mended, what waits is sent.
            return self._failure(failure_text(error))
        except (ValueError, NotifyError) as error:
            return self._failure(str(error))
        if answer.status == 401:
            self._authorizer.invalidate_token()
        return self._outcome(answer)

    async def close(self) -> None:
        """Close its connections, once no request is under way any more."""
        await self._is_idle.wait()
        await self._transport.close()

    def _failure(self, text: str) -> Outcome:
        problem = f"{host_of(self._url)}: {text}".replace(self._url, "<url>")
        return Outcome(problem=problem, is_retryable=True)

    def _outcome(self, answer: Answer) -> Outcome:
        written = _number(answer.headers.get(_WRITTEN, ""))
        if 200 <= answer.status < 300:
            return Outcome(written)
        text = f": {answer.text}" if answer.text else ""
        problem = f"{answer.host}: unexpected status code {answer.status}{text}"
        is_throttled = answer.status == 429 and self._section.queue_config.retry_on_http_429
        if not is_throttled and answer.status < 500:
            return Outcome(written, problem)
        pause = read_pause(answer.headers.get("retry-after", ""), self._now())
        if pause is None:
            return Outcome(written, problem, is_retryable=True)
        return Outcome(written, f"{problem}; it {pause}", is_retryable=True, pause_seconds=pause.seconds)

    async def _headers(self, headers: Mapping[str, str], attempt: int) -> dict[str, str]:
        """Raises `NotifyError` where a file with a secret cannot be read, or a token cannot be had."""
        section = self._section
        own = {name: value.reveal() for name, value in section.headers.items()}
        retry = {"Retry-Attempt": str(attempt)} if attempt else {}
        authorization = await self._authorizer.headers()
        return {**configured_headers(section), **own, **headers, **retry, **authorization}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
