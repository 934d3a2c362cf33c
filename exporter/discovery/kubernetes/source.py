"""The source of servers that runs in, or beside, a Kubernetes cluster."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from exporter.config import kubeconfig
from exporter.config.fields import text_from_file
from exporter.config.kubernetes import KubernetesSection
from exporter.config.relabeling import RelabelSection
from exporter.config.url import DEFAULT_PORT, parse_server_url
from exporter.discovery.base import Finding, Found, Made, Template
from exporter.discovery.kubernetes.api import ApiClient
from exporter.discovery.kubernetes.endpoints import places_of_endpoints, places_of_slice
from exporter.discovery.kubernetes.objects import META
from exporter.discovery.kubernetes.place import Place
from exporter.discovery.kubernetes.pods import Pod, places_of_pods
from exporter.discovery.kubernetes.services import Service, places_of_services
from exporter.errors import DiscoveryError, Reason
from exporter.http_client.transport import host_of

KindT = TypeVar("KindT", Pod, Service)

_AT_A_TIME: Final = 4
_OF_ADDRESSES: Final[Mapping[str, Callable[[Any, Any, Any], Iterable[Place]]]] = {
    "endpointslice": places_of_slice,
    "endpoints": places_of_endpoints,
}


class KubernetesSource:
    """Lists what the role names, in each namespace by itself.

    A namespace that cannot be listed keeps its places. Pods and services behind addresses are listed only
    where relabelling reads their labels; `refused` says where that is not permitted.
    """

    def __init__(self, section: KubernetesSection) -> None:
        self._section = section
        spaces = section.namespaces
        shown = [*spaces.names, *(["its own"] if spaces.own_namespace else [])]
        selected = [f"{one.role or section.role}: {one.label or one.field}" for one in section.selectors]
        access = section.access
        # Where it is not the cluster that the daemon runs in.
        at = [f"of {host_of(access.server)}"] if section.api_server or section.kubeconfig_file else []
        self.name = " ".join(["kubernetes", section.role, ", ".join(shown) or "everywhere", *at, *selected])
        self.interval_seconds = section.refresh_interval.seconds
        self.refused: Sequence[str] = ()
        self._template = Template.of(section)
        self._api = ApiClient(access)
        self._known: dict[str, Sequence[Place]] = {}

    async def find(self) -> Sequence[Found]:
        """The servers of all namespaces; raises `DiscoveryError` where none can be listed."""
        namespaces = await asyncio.to_thread(self._namespaces)
        room, refused = asyncio.Semaphore(_AT_A_TIME), list[str]()

        async def look(namespace: str) -> DiscoveryError | None:
            async with room:
                try:
                    self._known[namespace] = await self._look(namespace, refused)
                except DiscoveryError as error:
                    return error
            return None

        failures = [error for error in await asyncio.gather(*map(look, namespaces)) if error is not None]
        if len(failures) == len(namespaces):
            raise failures[0]
        # Apart from the event loop: thousands of addresses take their time.
        made = await asyncio.to_thread(self._make, namespaces)
        self.refused = (*map(str, failures), *dict.fromkeys(refused), *made.refused)
        return made.found

    def _namespaces(self) -> Sequence[str]:
        """The names of namespaces; an empty one stands for all."""
        names = list(self._section.namespaces.names)
        if self._section.namespaces.own_namespace:
            try:
                names.append(text_from_file(Path(kubeconfig.ACCOUNT) / "namespace"))
            except ValueError as error:
                raise DiscoveryError(f"the own namespace is not known: {error}", Reason.UNREACHABLE) from None
        return list(dict.fromkeys(names)) or [""]

    async def _look(self, namespace: str, refused: list[str]) -> Sequence[Place]:
        role = self._section.role
        if role == "pod":
            pods = await self._by_key("pod", namespace, Pod.of)
            return list(places_of_pods(pods))
        if role == "service":
            return list(places_of_services(await self._by_key("service", namespace, Service.of)))
        attached = [
            await self._attached("pod", namespace, Pod.of, refused),
            await self._attached("service", namespace, Service.of, refused),
        ]
        make = _OF_ADDRESSES[role]
        listed = await self._api.list(
            role, namespace, self._selectors(role), lambda item: list(make(item, *attached))
        )
        return [place for places in listed for place in places]

    async def _by_key(
        self, role: str, namespace: str, read: Callable[[Any], KindT]
    ) -> dict[tuple[str, str], KindT]:
        listed = await self._api.list(role, namespace, self._selectors(role), read)
        return {one.meta.key: one for one in listed}

    async def _attached(
        self, role: str, namespace: str, read: Callable[[Any], KindT], refused: list[str]
    ) -> Mapping[tuple[str, str], KindT]:
        """Return what stands behind addresses, where somebody wants to know, and may."""
        if not _reads(self._section.relabel_configs, role):
            return {}
        try:
            return await self._by_key(role, namespace, read)
        except DiscoveryError as error:
            if error.reason is not Reason.PERMISSION:
                raise
            refused.append(f"{META}{role}_… are missing: {error}")
            return {}

    def _selectors(self, role: str) -> Mapping[str, str]:
        for one in self._section.selectors:
            if (one.role or self._section.role) == role:
                named = {"labelSelector": one.label, "fieldSelector": one.field}
                return {name: value for name, value in named.items() if value}
        return {}

    def _make(self, namespaces: Sequence[str]) -> Made:
        findings, useless = self._findings(namespaces)
        made = self._template.make_all(findings)
        return Made(made.found, (*useless, *made.refused))

    def _findings(self, namespaces: Sequence[str]) -> tuple[Sequence[Finding], Sequence[str]]:
        """The servers at the known places, each once, and in words the places where none can be."""
        found: dict[tuple[str, int], Finding] = {}
        refused: list[str] = []
        for namespace in namespaces:
            for place in self._known.get(namespace, ()):
                if self._is_wanted(place) and (place.host, place.port.number) not in found:
                    try:
                        found[place.host, place.port.number] = self._finding(place)
                    except ValueError as error:
                        refused.append(f"{place.facts.get('namespace')}: {place.host[:64]!r} {error}")
        return list(found.values()), refused

    def _is_wanted(self, place: Place) -> bool:
        wanted = self._section.ports
        is_named = not wanted or place.port.name in wanted or str(place.port.number) in wanted
        return bool(place.host) and place.port.protocol == "TCP" and is_named

    def _finding(self, place: Place) -> Finding:
        host = f"[{place.host}]" if ":" in place.host else place.host
        url = parse_server_url(f"{self._section.scheme}://{host}:{place.port.number or DEFAULT_PORT}")
        return Finding(url.address, place.labels, {"source": "kubernetes", **place.facts})


def _reads(relabeling: Sequence[RelabelSection], role: str) -> bool:
    """Whether steps read labels of this role: by name, or by a pattern of names that may fit them."""
    return any(
        step.action in ("labelmap", "labelkeep", "labeldrop")
        or any(name.startswith(f"{META}{role}_") for name in step.source_labels)
        for step in relabeling
    )
