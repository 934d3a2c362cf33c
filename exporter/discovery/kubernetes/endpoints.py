"""What stands behind services: EndpointSlices, and Endpoints of clusters before Kubernetes 1.21.

Source of the labels: discovery/kubernetes/endpointslice.go and endpoints.go of
github.com/prometheus/prometheus. Other than there, ports of pods that no service names are no servers here.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from exporter.discovery.kubernetes.objects import META, Meta, items, labelled, mapping, meta_of, text
from exporter.discovery.kubernetes.place import Place, Port
from exporter.discovery.kubernetes.pods import Pod
from exporter.discovery.kubernetes.services import Service

Pods = Mapping[tuple[str, str], Pod]
Services = Mapping[tuple[str, str], Service]

_SERVICE: Final = "kubernetes.io/service-name"
_TARGET: Final = {"kind": "kind", "name": "name"}


def places_of_slice(item: Any, pods: Pods, services: Services) -> Iterator[Place]:
    """The places of an EndpointSlice (discovery.k8s.io/v1)."""
    meta = meta_of(item)
    service = meta.labels.get(_SERVICE, "")
    common = {
        **_common(meta, "endpointslice", service, services),
        f"{META}endpointslice_address_type": text(item, "addressType"),
    }
    ports = [Port.of(port) for port in items(item, "ports")]
    for endpoint in items(item, "endpoints"):
        own = dict(_of_endpoint(endpoint))
        for port in ports:
            # The number itself is `__meta_kubernetes_endpointslice_port`.
            labels = {**common, **own, **port.as_labels("endpointslice_port_", "")}
            for address in items(endpoint, "addresses"):
                node = text(endpoint, "nodeName")
                yield _place(
                    address, port, labels, (meta, service, node), mapping(endpoint, "targetRef"), pods
                )


def _of_endpoint(endpoint: Any) -> Iterator[tuple[str, str]]:
    prefix = "endpointslice_endpoint_"
    conditions = {"ready": "ready", "serving": "serving", "terminating": "terminating"}
    yield from labelled(f"{prefix}conditions_", mapping(endpoint, "conditions"), conditions)
    yield from labelled(prefix, endpoint, {"hostname": "hostname", "node_name": "nodeName", "zone": "zone"})
    yield from labelled("endpointslice_address_target_", mapping(endpoint, "targetRef"), _TARGET)


def places_of_endpoints(item: Any, pods: Pods, services: Services) -> Iterator[Place]:
    """The places of an Endpoints object (v1)."""
    meta = meta_of(item)
    common = _common(meta, "endpoints", meta.name, services)
    for subset in items(item, "subsets"):
        for port in [Port.of(port) for port in items(subset, "ports")]:
            for key, ready in (("addresses", "true"), ("notReadyAddresses", "false")):
                for address in items(subset, key):
                    labels = {
                        **common,
                        **port.as_labels("endpoint_port_"),
                        f"{META}endpoint_ready": ready,
                        **dict(
                            labelled("endpoint_", address, {"hostname": "hostname", "node_name": "nodeName"})
                        ),
                        **dict(labelled("endpoint_address_target_", mapping(address, "targetRef"), _TARGET)),
                    }
                    about = (meta, meta.name, text(address, "nodeName"))
                    yield _place(
                        text(address, "ip"), port, labels, about, mapping(address, "targetRef"), pods
                    )


def _common(meta: Meta, kind: str, service: str, services: Services) -> Mapping[str, str]:
    known = services.get((meta.namespace, service))
    return {**(known.labels if known else {}), **meta.as_labels(kind)}


def _place(
    address: Any,
    port: Port,
    labels: Mapping[str, str],
    about: tuple[Meta, str, str],
    target: Mapping[str, Any],
    pods: Pods,
) -> Place:
    """A place; `about` are the object, the name of its service, and the node."""
    meta, service, node = about
    is_pod = text(target, "kind") == "Pod"
    name = text(target, "name") if is_pod else ""
    pod = pods.get((text(target, "namespace") or meta.namespace, name)) if is_pod else None
    facts = {
        "namespace": meta.namespace,
        "pod": name,
        "service": service,
        "node": node,
        "port_name": port.name,
    }
    host = address if isinstance(address, str) else ""
    return Place(host, port, {**labels, **(pod.labels_at(port.number) if pod else {})}, facts)
