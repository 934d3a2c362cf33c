"""Kubernetes manifests: containers whose image is a redis_exporter.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.migration.redis_exporter.invocation import Invocation
from exporter.migration.redis_exporter.sources.names import is_exporter
from exporter.migration.redis_exporter.sources.shell import after_program, without_shell
from exporter.migration.redis_exporter.variables import KUBERNETES, expand, unknown


@dataclass(frozen=True, slots=True)
class _Container:
    """A container, the kind and the name of what it stands in, and the ConfigMaps beside it."""

    spec: Mapping[str, Any]
    owner: str
    config_maps: Mapping[str, Mapping[str, str]]


def read_manifests(
    documents: Sequence[Mapping[str, Any]], path: Path, more: Mapping[str, str]
) -> Sequence[Invocation]:
    """The invocations of manifests; what a Secret holds stays there, and is named by its variable."""
    flat = [inner for document in documents for inner in _flat(document)]
    maps = {
        _name(one): {key: str(value) for key, value in _mapping(one.get("data")).items()}
        for one in flat
        if one.get("kind") == "ConfigMap"
    }
    return [
        _invocation(_Container(spec, f"{one.get('kind')} {_name(one)}", maps), path, more)
        for one in flat
        for spec in _containers(one)
        if is_exporter(str(spec.get("image", "")))
    ]


def _flat(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if document.get("kind") == "List":
        for item in document.get("items") or ():
            yield from _flat(_mapping(item))
    else:
        yield document


def _containers(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those of a pod, or of the template of one."""
    spec = _mapping(document.get("spec"))
    pod = _mapping(_mapping(spec.get("template")).get("spec")) or spec
    for key in ("initContainers", "containers"):
        for container in pod.get(key) or ():
            yield _mapping(container)


def _invocation(container: _Container, path: Path, more: Mapping[str, str]) -> Invocation:
    spec = container.spec
    remarks: list[str] = []
    variables = {**_environment(container, remarks), **more}
    words = [*map(str, spec.get("command") or ()), *map(str, spec.get("args") or ())]
    words = [expand(word, variables, KUBERNETES) for word in words]
    origin = f"{path}: {container.owner}, container {spec.get('name', '')}"
    words, read = without_shell(words, variables, origin, remarks)
    return Invocation(
        after_program(words), {**variables, **read}, origin, Path("/"), in_container=True, remarks=remarks
    )


def _environment(container: _Container, remarks: list[str]) -> dict[str, str]:
    variables: dict[str, str] = {}
    for entry in container.spec.get("envFrom") or ():
        source = _mapping(entry.get("configMapRef"))
        prefix = str(entry.get("prefix") or "")
        if source and (known := container.config_maps.get(str(source.get("name")))) is not None:
            variables |= {prefix + key: value for key, value in known.items()}
        else:
            kind = "ConfigMap" if source else "Secret"
            name = (source or _mapping(entry.get("secretRef"))).get("name")
            remarks.append(
                f"envFrom: what the {kind} {name} says is not known here, and not taken over; name a file "
                "of its variables by --env-file"
            )
    for entry in container.spec.get("env") or ():
        name = str(entry.get("name"))
        if entry.get("valueFrom"):
            variables[name] = _from_elsewhere(name, _mapping(entry["valueFrom"]), container, remarks)
        else:
            variables[name] = expand(str(entry.get("value") or ""), variables, KUBERNETES)
    return variables


def _from_elsewhere(name: str, source: Mapping[str, Any], container: _Container, remarks: list[str]) -> str:
    if reference := _mapping(source.get("configMapKeyRef")):
        known = container.config_maps.get(str(reference.get("name")), {})
        return known.get(str(reference.get("key")), unknown(name))
    if reference := _mapping(source.get("secretKeyRef")):
        remarks.append(
            f"{name} comes from the Secret {reference.get('name')}, key {reference.get('key')}: hand it to "
            "redis-vigil's container under the same name"
        )
    return unknown(name)


def _name(document: Mapping[str, Any]) -> str:
    return str(_mapping(document.get("metadata")).get("name", ""))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
