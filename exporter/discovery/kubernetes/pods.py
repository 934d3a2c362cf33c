"""Pods: their labels, and the ports of their containers.

Source of the labels: discovery/kubernetes/pod.go of github.com/prometheus/prometheus.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.discovery.kubernetes.objects import META, Meta, items, labelled, mapping, meta_of, text
from exporter.discovery.kubernetes.place import Place, Port

_ENDED: Final = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod, with those of its labels that do not depend on a port."""

    labels: Mapping[str, str]
    ports: Sequence[Port]


@dataclass(frozen=True, slots=True)
class Pod:
    """What is kept of a pod: `ip` is empty for one that has none yet, or any more."""

    meta: Meta
    ip: str
    node: str
    labels: Mapping[str, str]
    containers: Sequence[Container]

    @classmethod
    def of(cls, item: Any) -> "Pod":
        """Read an item of a list of pods."""
        meta, spec, status = meta_of(item), mapping(item, "spec"), mapping(item, "status")
        ip = "" if text(status, "phase") in _ENDED else text(status, "podIP")
        labels = {
            **meta.as_labels("pod"),
            **dict(labelled("pod_", status, {"ip": "podIP", "phase": "phase", "host_ip": "hostIP"})),
            **dict(labelled("pod_", spec, {"node_name": "nodeName"})),
            **dict(labelled("pod_", mapping(item, "metadata"), {"uid": "uid"})),
            f"{META}pod_ready": _ready(status),
            **_controller(item),
        }
        containers = [_container(one) for one in items(spec, "containers")]
        return cls(meta, ip, text(spec, "nodeName"), labels, containers)

    def labels_at(self, port: int) -> Mapping[str, str]:
        """The labels of this pod, and of the container that listens at a port."""
        for container in self.containers:
            for one in container.ports:
                if one.number == port:
                    return {**self.labels, **container.labels, **one.as_labels("pod_container_port_")}
        return self.labels


def _ready(status: Mapping[str, Any]) -> str:
    for condition in items(status, "conditions"):
        if text(condition, "type") == "Ready":
            return text(condition, "status").lower()
    return "unknown"


def _controller(item: Any) -> dict[str, str]:
    for owner in items(mapping(item, "metadata"), "ownerReferences"):
        if text(owner, "controller") == "true":
            return dict(labelled("pod_controller_", owner, {"kind": "kind", "name": "name"}))
    return {}


def _container(data: Any) -> Container:
    labels = dict(labelled("pod_container_", data, {"name": "name", "image": "image"}))
    ports = [Port.of(port, "containerPort") for port in items(data, "ports")]
    return Container(labels, [port for port in ports if port.number])


def places_of_pods(pods: Mapping[tuple[str, str], Pod]) -> Iterator[Place]:
    """Every port of every container; one place without a port for a container that names none."""
    for pod in pods.values():
        facts = {"namespace": pod.meta.namespace, "pod": pod.meta.name, "node": pod.node}
        for container in pod.containers if pod.ip else ():
            for port in container.ports or (Port(0, "", "TCP"),):
                labels = {**pod.labels, **container.labels, **port.as_labels("pod_container_port_")}
                yield Place(pod.ip, port, labels, {**facts, "port_name": port.name})
