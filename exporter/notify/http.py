"""HTTP requests to receivers, and the meaning of their responses.

What is retried: source notify/util.go of Alertmanager, but for 429, which Alertmanager drops.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from exporter.config.alertmanager.http import HttpConfig
from exporter.errors import NotifyError
from exporter.http_client.transport import Answer, host_of
from exporter.notify.authorization import Authorizer
from exporter.notify.refusals import refusal
from exporter.notify.secrets import reveal
from exporter.notify.transport import ReceiverTransport

DEFAULT_TIMEOUT_SECONDS: Final = 30.0
"""Default deadline of one request."""


class HttpClient:
    """Posts JSON by an `http_config`; `name` names the receiver in errors, `now` returns epoch seconds."""

    def __init__(
        self,
        config: HttpConfig,
        name: str,
        *,
        timeout_seconds: float = 0.0,
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._name = name
        self._timeout_seconds = timeout_seconds or DEFAULT_TIMEOUT_SECONDS
        self._now = now
        self._transport = ReceiverTransport(config, name, self._timeout_seconds)
        self._authorizer = Authorizer(config, name, self._timeout_seconds)

    async def post_json(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Post a JSON text and wait for the answer, whatever its status.

        Raises `NotifyError` when there is none; its text shows neither the URL nor what was sent.
        """
        return await self.post(url, body, {"Content-Type": "application/json", **(headers or {})})

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post anything, with what the configuration adds; as `post_json`, whose type it does not have."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._transport.post(url, body, {**await self._headers(), **headers})
        except TimeoutError:
            raise no_answer(self._name, host_of(url), self._timeout_seconds) from None
        if answer.status == 401:
            self._authorizer.invalidate_token()
        return answer

    async def post_raw(self, url: str, body: bytes, content_type: str) -> Answer:
        """Post to a URL that a receiver has named: nothing goes along that authorizes or is configured."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._transport.post(url, body, {"Content-Type": content_type})
        except TimeoutError:
            raise no_answer(self._name, host_of(url), self._timeout_seconds) from None

    def check(self, answer: Answer) -> None:
        """Raise `NotifyError` for a response that means that the message was not accepted."""
        status = answer.status
        if 200 <= status < 300:
            return
        message = f"{self._name}: {answer.host}: unexpected status code {status}"
        if answer.text:
            message += f": {answer.text}"
        raise refusal(message, answer, self._now(), is_retryable=status == 429 or status >= 500)

    async def _headers(self) -> dict[str, str]:
        return {**configured_headers(self._config), **await self._authorizer.headers()}


def no_answer(name: str, shown: str, timeout_seconds: float) -> NotifyError:
    """Return the error for a receiver that has not answered in time."""
    return NotifyError(
        f"{name}: {shown}: no answer within {timeout_seconds:g} s",
        retryable=True,
        kind="contextDeadlineExceeded",
    )


def configured_headers(config: HttpConfig) -> dict[str, str]:
    """Return the `http_headers`; raises `NotifyError` where a file cannot be read."""
    headers: dict[str, str] = {}
    for name, values in config.http_headers.items():
        texts = [*values.values, *(secret.reveal() for secret in values.secrets)]
        texts += [reveal(None, path) for path in values.files]
        headers[name] = ", ".join(texts)
    return headers
