"""Lists of targets as Prometheus' file_sd and http_sd write them.

Format: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exporter.config.url import parse_server_url
from exporter.discovery.base import Finding, Found, Template
from exporter.errors import DiscoveryError, Reason

MAX_TARGETS: Final = 10_000


def read_groups(data: Any, template: Template) -> Sequence[Found]:
    """The targets of `[{"targets": ["host:port"], "labels": {…}}]`.

    An address is `host:port` or a URL, without credentials: these come from the configuration only. The label
    `instance` names the target; labels that begin with `__` are there for relabelling only. Raises
    `DiscoveryError`.
    """
    findings = list(_findings(data))
    if len(findings) > MAX_TARGETS:
        raise DiscoveryError(f"lists more than {MAX_TARGETS:,} servers")
    return template.make_all(findings)


def _findings(data: Any) -> Iterator[Finding]:
    if not isinstance(data, list):
        raise DiscoveryError("must be a list of targets and labels")
    for index, group in enumerate(data):
        if not isinstance(group, dict) or not isinstance(group.get("targets"), list):
            raise DiscoveryError(f"[{index}] must hold a list of targets")
        labels = group.get("labels") or {}
        if not isinstance(labels, dict):
            raise DiscoveryError(f"[{index}].labels must be a mapping")
        where = f"[{index}].labels"
        texts = {_text(name, where): _text(value, f"{where}.{name}") for name, value in labels.items()}
        for number, target in enumerate(group["targets"]):
            yield _finding(_text(target, f"[{index}].targets[{number}]"), texts)


def _text(value: Any, where: str) -> str:
    """A scalar as Prometheus reads it. What is none may be endless: by aliases, YAML of some bytes is."""
    if isinstance(value, list | dict | set | tuple):
        raise DiscoveryError(f"{where} must be a text", Reason.PROTOCOL)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _finding(text: str, labels: Mapping[str, str]) -> Finding:
    try:
        url = parse_server_url(text)
    except ValueError as error:
        raise DiscoveryError(f"a target {error}") from None
    named = {name: value for name, value in labels.items() if name != "instance"}
    return Finding(url.address, named, instance=labels.get("instance", ""))
