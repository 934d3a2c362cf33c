"""Judges of Kubernetes' objects: schemas of its API and of Prometheus Operator, and what a pod must be."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
import kubernetes_validate
import yaml

Manifest = dict[str, Any]

_SCHEMAS: Final = Path(__file__).parent / "schemas"
_OPERATOR: Final = "monitoring.coreos.com"
# Of the versions that the schemas are there for: an old one that is still in use, and the newest.
_VERSIONS: Final = ("1.28", kubernetes_validate.latest_version())


def objects_in(text: str) -> list[Manifest]:
    """The objects of a stream of YAML documents."""
    return [one for one in yaml.safe_load_all(text) if one is not None]


def by_kind(objects: Iterable[Manifest], kind: str) -> Manifest:
    """The only object of a kind."""
    (found,) = (one for one in objects if one["kind"] == kind)
    return found


def check_object(one: Manifest) -> None:
    """Raise unless the schema of its kind accepts an object, and knows every field of it."""
    group = one["apiVersion"].partition("/")[0]
    if group == _OPERATOR:
        jsonschema.Draft7Validator(_operator_schema(one["kind"])).validate(one)
        return
    for version in _VERSIONS:
        kubernetes_validate.validate(one, version, strict=True)


@cache
def _operator_schema(kind: str) -> Manifest:
    definition = yaml.safe_load((_SCHEMAS / f"{_OPERATOR}_{kind.lower()}s.yaml").read_text())
    (version,) = definition["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
    closed: Manifest = _closed(schema)
    return closed | {"required": ["apiVersion", "kind", "metadata", "spec"]}


def _closed(schema: Any) -> Any:
    """The same schema, which refuses fields that it does not know."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(closed.get("properties"), dict) and "type" in closed:
        closed["additionalProperties"] = False
    if closed.pop("x-kubernetes-int-or-string", False):
        closed.pop("format", None)
    return closed


def check_pod(deployment: Manifest) -> None:
    """Raise unless the pod has what the restricted standard for pods asks, and reads its root only."""
    spec = deployment["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    pod = spec["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    security = container["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    paths = {
        name: container[name]["httpGet"]["path"]
        for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert paths == {
        "startupProbe": "/-/healthy",
        "livenessProbe": "/-/healthy",
        "readinessProbe": "/-/ready",
    }
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def check_meeting(objects: list[Manifest]) -> None:
    """Raise unless Service and NetworkPolicy choose the pods of the Deployment, and no others."""
    deployment = by_kind(objects, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    chosen = [deployment["spec"]["selector"]["matchLabels"], by_kind(objects, "Service")["spec"]["selector"]]
    chosen += [one["spec"]["podSelector"]["matchLabels"] for one in objects if one["kind"] == "NetworkPolicy"]
    for selector in chosen:
        assert selector
        assert selector.items() <= labels
    service = by_kind(objects, "Service")
    for one in objects:
        if one["kind"] == "ServiceMonitor":
            assert one["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
            (endpoint,) = one["spec"]["endpoints"]
            assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
            assert endpoint["honorLabels"] is True
