"""Attributes of data points and resources.

Names of resource attributes: the OpenTelemetry semantic conventions (service, server, database).
"""

from collections.abc import Iterable, Mapping
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

import exporter
from exporter.model.target import DEFAULT_JOB, Target
from exporter.sampling.server_info import ServerInfo

SCOPE: Final = InstrumentationScope(name="redis-vigil", version=exporter.__version__)
"""Who made the data."""

_DAEMON: Final = "redis-vigil"


def key_values(pairs: Iterable[tuple[str, str | int]]) -> list[KeyValue]:
    """Return attributes, in the order given."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in pairs]


def any_value(value: str | int) -> AnyValue:
    """Return the value of an attribute."""
    if isinstance(value, int):
        return AnyValue(int_value=value)
    # A surrogate alone is no text, and would cost all that is sent with it.
    return AnyValue(string_value=value.encode(errors="replace").decode())


def resource_of(target: Target, server: ServerInfo, configured: Mapping[str, str]) -> Resource:
    """Return the resource of a server: what is known of it, its labels, and what is configured.

    A receiver that turns attributes into Prometheus' labels makes the label `job` of `service.name` and
    `instance` of `service.instance.id`.
    """
    address = target.address
    found: dict[str, str | int] = {
        "service.name": target.series_labels.get("job", DEFAULT_JOB),
        "service.instance.id": target.instance,
        "server.address": address.path or address.host,
    }
    if not address.path:
        found["server.port"] = address.port
    if server.engine:
        found["db.system.name"] = server.engine
    if server.version:
        found["service.version"] = ".".join(map(str, server.version))
    labels = [(name, value) for name, value in target.labels if name != "job"]
    return Resource(attributes=key_values({**found, **dict(labels), **configured}.items()))


def instance_resource(instance: str, configured: Mapping[str, str]) -> Resource:
    """Return the resource of a server of which nothing but its name is known."""
    found = {"service.name": DEFAULT_JOB, "service.instance.id": instance}
    return Resource(attributes=key_values({**found, **configured}.items()))


def daemon_resource(instance: str, configured: Mapping[str, str]) -> Resource:
    """Return the resource of the daemon itself; `instance` is where it listens."""
    found = {
        "service.name": _DAEMON,
        "service.instance.id": instance,
        "service.version": exporter.__version__,
    }
    return Resource(attributes=key_values({**found, **configured}.items()))
