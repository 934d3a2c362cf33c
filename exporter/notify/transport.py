"""Transport of requests to receivers, with errors that show no secret."""

from collections.abc import Mapping
from typing import Final

import httpx

from exporter.config.alertmanager.http import HttpConfig
from exporter.errors import NotifyError
from exporter.http_client.failures import failure_text
from exporter.http_client.transport import Answer, Transport, host_of

_MAX_ANSWER_BYTES: Final = 64 * 1024


class ReceiverTransport:
    """Posts with one `http_config`; `name` names the receiver in errors.

    `keeps_body`: whether a server that a redirect leads to may get what was posted, too.
    """

    def __init__(
        self, config: HttpConfig, name: str, timeout_seconds: float, *, keeps_body: bool = True
    ) -> None:
        self._name = name
        self._transport = Transport(
            config,
            "receivers",
            timeout_seconds=timeout_seconds,
            most_bytes=_MAX_ANSWER_BYTES,
            keeps_body=keeps_body,
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post and wait for the answer, whatever its status; of its body the beginning is read.

        Raises `NotifyError` when there is none; its text shows neither the URL nor what was sent.
        """
        try:
            return await self._transport.send("POST", url, headers, body)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OSError) as error:
            raise self._network_error(error, url) from None
        except ValueError as error:
            raise NotifyError(f"{self._name}: {host_of(url)}: {error}", retryable=True) from None

    def _network_error(self, error: Exception, url: str) -> NotifyError:
        timed_out = isinstance(error, (httpx.TimeoutException, TimeoutError))
        final = isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects))
        return NotifyError(
            f"{self._name}: {host_of(url)}: {failure_text(error).replace(url, '<url>')}",
            retryable=not final,
            kind="contextDeadlineExceeded" if timed_out else "other",
        )
