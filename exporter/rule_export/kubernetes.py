"""Objects of the kind PrometheusRule, from which the Prometheus Operator makes rule files.

Source: api/monitoring/v1 of github.com/prometheus-operator/prometheus-operator.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from exporter.errors import UsageError
from exporter.rule_export.files import RuleTexts, read_text
from exporter.rule_export.plain import file_text, scalar

MARKER: Final = '# Written by "redis-vigil rules --kubernetes", which replaces it when it runs again.'
"""The first line of what was written here before, and may be replaced."""

_PREFIX: Final = "redis-vigil-"
_COMMON_LABELS: Final = {"app.kubernetes.io/name": "redis-vigil"}
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME: Final = 253
_NAME: Final = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_NAME: Final = re.compile(rf"(?:[a-z0-9](?:[-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_NAME}")
_LABEL_VALUE: Final = re.compile(rf"(?:{_NAME})?")
_NAMESPACE: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class KubernetesOptions:
    """The namespace of the objects, empty for that of whoever applies them, and labels to select them by.

    Raises `UsageError` for those that Kubernetes would refuse.
    """

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.namespace and not _NAMESPACE.fullmatch(self.namespace):
            raise UsageError(f'"{self.namespace}" is not the name of a namespace')
        for name, value in self.labels.items():
            if not _LABEL_NAME.fullmatch(name) or not _LABEL_VALUE.fullmatch(value):
                raise UsageError(f'"{name}={value}" is not a label of Kubernetes: write NAME=VALUE')


def prometheus_rules(texts: RuleTexts, options: KubernetesOptions) -> tuple[str, str]:
    """The name of a file, and its text: one object with the groups of one rule file."""
    name = (_PREFIX + _NOT_IN_NAMES.sub("-", texts.stem.lower()).strip("-"))[:_LONGEST_NAME].strip("-")
    body = texts.text if _is_fit(texts.text) else file_text(read_text(texts.text, texts.stem).groups)
    lines = [MARKER, *_head(name, options), "spec:", *_indented(body)]
    return f"{name}.yaml", "\n".join(lines) + "\n"


def _head(name: str, options: KubernetesOptions) -> Iterator[str]:
    yield "apiVersion: monitoring.coreos.com/v1"
    yield "kind: PrometheusRule"
    yield "metadata:"
    yield f"  name: {name}"
    if options.namespace:
        yield f"  namespace: {scalar(options.namespace)}"
    yield "  labels:"
    for label, value in {**_COMMON_LABELS, **options.labels}.items():
        yield f"    {scalar(label)}: {scalar(value)}"


def _indented(text: str) -> Iterator[str]:
    return (f"  {line}" if line else "" for line in text.rstrip("\n").split("\n"))


def _is_fit(text: str) -> bool:
    """Whether a rule file can stand inside of an object as it is: one document, whose texts are texts.

    Prometheus takes `severity: 1` for a text; the API of Kubernetes does not.
    """
    if any(line.startswith(("---", "...", "%")) for line in text.split("\n")):
        return False
    data = yaml.safe_load(text)
    if yaml.safe_load("\n".join(_indented(text))) != data:
        return False
    groups = data["groups"]
    if not all(isinstance(rule, dict) for group in groups for rule in (group or {}).get("rules") or [None]):
        return False
    return all(isinstance(value, str) for group in groups for value in _texts_of(group))


def _texts_of(group: Mapping[str, Any]) -> Iterator[Any]:
    yield from (group[key] for key in ("name", "interval", "query_offset") if key in group)
    yield from (group.get("labels") or {}).values()
    for rule in group["rules"]:
        yield from (rule[key] for key in ("alert", "record", "expr", "for", "keep_firing_for") if key in rule)
        for key in ("labels", "annotations"):
            yield from (rule.get(key) or {}).keys()
            yield from (rule.get(key) or {}).values()
