"""Objects of Kubernetes as plain data: what is of another type than it should be counts as not there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exporter.discovery.listing import without_surrogates

META: Final = "__meta_kubernetes_"
"""How the labels begin that relabelling can go by."""

_NO_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Meta:
    """The metadata of an object."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the others of its kind."""
        return self.namespace, self.name

    def as_labels(self, kind: str) -> dict[str, str]:
        """Its labels for relabelling, as those of an object of this kind."""
        return {
            f"{META}namespace": self.namespace,
            f"{META}{kind}_name": self.name,
            **_prefixed(kind, "label", self.labels),
            **_prefixed(kind, "annotation", self.annotations),
        }


def _prefixed(kind: str, what: str, values: Mapping[str, str]) -> dict[str, str]:
    names = {name: _NO_LABEL.sub("_", name) for name in values}
    return {
        **{f"{META}{kind}_{what}_{names[name]}": value for name, value in values.items()},
        **{f"{META}{kind}_{what}present_{names[name]}": "true" for name in values},
    }


def meta_of(item: Any) -> Meta:
    """The metadata of an item of a list."""
    data = mapping(item, "metadata")
    return Meta(
        text(data, "namespace"), text(data, "name"), texts(data, "labels"), texts(data, "annotations")
    )


def mapping(data: Any, key: str) -> Mapping[str, Any]:
    """The mapping under a key; an empty one where there is none."""
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else _NOTHING


def items(data: Any, key: str) -> Sequence[Any]:
    """The list under a key; an empty one where there is none."""
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, list) else ()


def text(data: Any, key: str) -> str:
    """The text under a key; a truth value and a number as JSON has them; empty where there is none."""
    value = data.get(key) if isinstance(data, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 63 else ""
    return without_surrogates(value) if isinstance(value, str) else ""


def texts(data: Any, key: str) -> dict[str, str]:
    """The texts of the mapping under a key, by name."""
    return {
        without_surrogates(name): without_surrogates(value)
        for name, value in mapping(data, key).items()
        if isinstance(value, str)
    }


def port_of(data: Any, key: str) -> int:
    """The number of a port; 0 where it is none."""
    value = data.get(key) if isinstance(data, dict) else None
    is_port = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65_536
    return value if is_port and isinstance(value, int) else 0


def labelled(prefix: str, data: Any, keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The labels of what an object says under some keys, by the ends of their names; without empty ones."""
    for end, key in keys.items():
        if value := text(data, key):
            yield f"{META}{prefix}{end}", value
