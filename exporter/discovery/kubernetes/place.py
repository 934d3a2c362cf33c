"""Where something listens in a Kubernetes cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exporter.discovery.kubernetes.objects import META, port_of, text


@dataclass(frozen=True, slots=True)
class Port:
    """A port; number 0 where none is said. `number_key`: how its number is called in labels."""

    number: int
    name: str
    protocol: str
    app_protocol: str = ""

    @classmethod
    def of(cls, data: Any, key: str = "port") -> "Port":
        """Read a port of an object, whose number stands under this key."""
        protocol = text(data, "protocol") or "TCP"
        return cls(port_of(data, key), text(data, "name"), protocol, text(data, "appProtocol"))

    def as_labels(self, prefix: str, number: str = "number") -> dict[str, str]:
        """Its labels for relabelling, with how the number is called there; without empty ones."""
        named = {
            "name": self.name,
            number: str(self.number) if self.number else "",
            "protocol": self.protocol,
            "app_protocol": self.app_protocol,
        }
        shown = {f"{prefix}{end}".rstrip("_"): value for end, value in named.items() if value}
        return {f"{META}{name}": value for name, value in shown.items()}


@dataclass(frozen=True, slots=True)
class Place:
    """A host and a port, the labels for relabelling, and what placeholders of names stand for."""

    host: str
    port: Port
    labels: Mapping[str, str]
    facts: Mapping[str, str]
