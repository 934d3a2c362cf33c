"""Services: their labels, and their own names and ports.

Source of the labels: discovery/kubernetes/service.go of github.com/prometheus/prometheus.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.discovery.kubernetes.objects import Meta, items, labelled, mapping, meta_of
from exporter.discovery.kubernetes.place import Place, Port

_KEYS: Final = {"cluster_ip": "clusterIP", "external_name": "externalName", "type": "type"}


@dataclass(frozen=True, slots=True)
class Service:
    """What is kept of a service."""

    meta: Meta
    labels: Mapping[str, str]
    own: Mapping[str, str]
    ports: Sequence[Port]

    @classmethod
    def of(cls, item: Any) -> "Service":
        """Read an item of a list of services."""
        meta, spec = meta_of(item), mapping(item, "spec")
        ports = [Port.of(port) for port in items(spec, "ports")]
        own = dict(labelled("service_", spec, _KEYS))
        return cls(meta, meta.as_labels("service"), own, [port for port in ports if port.number])


def places_of_services(services: Mapping[tuple[str, str], Service]) -> Iterator[Place]:
    """Every port of every service, by the service's name in the cluster's DNS."""
    for service in services.values():
        host = f"{service.meta.name}.{service.meta.namespace}.svc"
        facts = {"namespace": service.meta.namespace, "service": service.meta.name}
        for port in service.ports:
            labels = {**service.labels, **service.own, **port.as_labels("service_port_")}
            yield Place(host, port, labels, facts)
