"""Asks the API server of a Kubernetes cluster for lists of objects.

Source of paths, paging and statuses: https://kubernetes.io/docs/reference/using-api/api-concepts/.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import httpx

from exporter.config.alertmanager.http import HttpConfig
from exporter.config.fields import text_from_file
from exporter.config.kubeconfig import ApiAccess
from exporter.discovery.kubernetes.objects import items, mapping, text
from exporter.discovery.listing import MAX_BYTES, read_json
from exporter.errors import DiscoveryError, Reason
from exporter.http_client.failures import failure_text
from exporter.http_client.transport import Answer, Transport

KeptT = TypeVar("KeptT")

_PATHS: Final[Mapping[str, tuple[str, str]]] = {
    "endpointslice": ("/apis/discovery.k8s.io/v1", "endpointslices"),
    "endpoints": ("/api/v1", "endpoints"),
    "pod": ("/api/v1", "pods"),
    "service": ("/api/v1", "services"),
}
_TIMEOUT_SECONDS: Final = 10.0
# A page of pods with long annotations stays below the bound of an answer.
_PAGE: Final = 250
_MOST_PAGES: Final = 100
_GONE: Final = 410
_REASONS: Final[Mapping[int, Reason]] = {401: Reason.AUTH, 403: Reason.PERMISSION, 429: Reason.BUSY}


class _GoneError(DiscoveryError):
    """The list that pages were asked of has expired."""


class ApiClient:
    """Lists objects of one cluster; the token is read from its file for each request, since it expires."""

    def __init__(self, access: ApiAccess) -> None:
        self._access = access
        self._transport = Transport(
            HttpConfig(tls_config=access.tls, enable_http2=False, follow_redirects=False),
            "discovery",
            timeout_seconds=_TIMEOUT_SECONDS,
            most_bytes=MAX_BYTES,
        )

    async def list(
        self, role: str, namespace: str, selectors: Mapping[str, str], keep: Callable[[Any], KeptT]
    ) -> Sequence[KeptT]:
        """Return what `keep` makes of each object of a role; of all namespaces where none is named.

        `keep` is called in a thread. A list that expires between two pages is begun anew once. Raises
        `DiscoveryError`.
        """
        if not self._access.server:
            raise DiscoveryError(
                "this is no pod of a Kubernetes cluster (KUBERNETES_SERVICE_HOST is not set): write "
                "api_server or kubeconfig_file",
                Reason.UNREACHABLE,
            )
        try:
            return await self._pages(role, namespace, selectors, keep)
        except _GoneError:
            return await self._pages(role, namespace, selectors, keep)

    async def _pages(
        self, role: str, namespace: str, selectors: Mapping[str, str], keep: Callable[[Any], KeptT]
    ) -> Sequence[KeptT]:
        base, plural = _PATHS[role]
        path = f"{base}/namespaces/{namespace}/{plural}" if namespace else f"{base}/{plural}"
        kept: list[KeptT] = []
        following = ""
        for _ in range(_MOST_PAGES):
            query = {**selectors, "limit": str(_PAGE), **({"continue": following} if following else {})}
            answer = await self._ask(f"{self._access.server}{path}?{urlencode(query)}")
            _check(answer, plural, namespace)
            # Apart from the event loop: a page takes its time.
            page, following = await asyncio.to_thread(_read_page, answer.body, keep)
            kept += page
            if not following:
                return kept
        raise DiscoveryError(f"lists more than {_MOST_PAGES * _PAGE:,} {plural}", Reason.PROTOCOL)

    async def _ask(self, url: str) -> Answer:
        try:
            headers = {"accept": "application/json", **await asyncio.to_thread(_headers, self._access)}
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return await self._transport.send("GET", url, headers)
        except (httpx.TimeoutException, TimeoutError) as error:
            raise DiscoveryError("the API server does not answer in time", Reason.TIMEOUT) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            sentence = f"no answer of the API server: {failure_text(error)}"
            raise DiscoveryError(sentence, Reason.UNREACHABLE) from error


def _headers(access: ApiAccess) -> dict[str, str]:
    """The header with the token; raises `ValueError` where its file cannot be read."""
    authorization = access.authorization
    if authorization is None:
        return {}
    file, token = authorization.credentials_file, authorization.credentials
    secret = text_from_file(Path(file)) if file else token.reveal() if token else ""
    return {"Authorization": f"{authorization.type} {secret}"} if secret else {}


def _check(answer: Answer, plural: str, namespace: str) -> None:
    where = f"in namespace {namespace}" if namespace else "in all namespaces"
    if answer.status == httpx.codes.OK:
        if answer.encoding or answer.is_cut:
            raise DiscoveryError(
                f"a page of the list of {plural} is larger than {MAX_BYTES >> 20} MiB", Reason.PROTOCOL
            )
        return
    if answer.status == _GONE:
        raise _GoneError(f"the list of {plural} expired while it was read (410)")
    said = {
        401: "does not know who asks (401): the token is wrong, or has expired",
        403: f"does not permit to list {plural} {where} (403): grant it by a role and its binding",
        404: f"knows no {plural} (404)",
        429: "has too much to do (429)",
    }
    sentence = said.get(answer.status) or f"answered with status {answer.status}"
    raise DiscoveryError(f"the API server {sentence}", _REASONS.get(answer.status, Reason.REPLY))


def _read_page(body: bytes, keep: Callable[[Any], KeptT]) -> tuple[Sequence[KeptT], str]:
    """Return what is kept of a page, and where the next begins; empty for the last."""
    try:
        data = read_json(body)
    except DiscoveryError as error:
        raise DiscoveryError(f"the answer of the API server: {error}", error.reason) from None
    if not isinstance(data, dict) or not text(data, "kind").endswith("List"):
        raise DiscoveryError("what answers is no API server: it does not send lists", Reason.PROTOCOL)
    return [keep(item) for item in items(data, "items")], text(mapping(data, "metadata"), "continue")
