"""The shipped rules and dashboards that read a metric."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from exporter.model.sample import Kind
from exporter.shipped import shipped, shipped_rules

# Words of an expression, of which those that are metrics count.
_WORD: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
# So many panels of one dashboard are named; of more only the number is said.
_MAX_PANELS: Final = 3
_SUFFIXES: Final[Mapping[Kind, Sequence[str]]] = {
    Kind.HISTOGRAM: ("_bucket", "_sum", "_count"),
    Kind.SUMMARY: ("", "_sum", "_count"),
}


class Usage:
    """Knows by word the rules, and the panels by dashboard, in whose expressions it stands."""

    def __init__(self) -> None:
        self._rules: dict[str, dict[str, None]] = {}
        self._panels: dict[str, dict[str, dict[str, None]]] = {}
        for link, expression in _rules():
            for word in _WORD.findall(expression):
                self._rules.setdefault(word, {})[link] = None
        for dashboard, panel, expression in _panels():
            for word in _WORD.findall(expression):
                self._panels.setdefault(word, {}).setdefault(dashboard, {})[panel] = None

    def rules(self, name: str, kind: Kind) -> str:
        """Return the rules that read a metric, alerts with links to their runbooks."""
        found: dict[str, None] = {}
        for series in _series(name, kind):
            found |= self._rules.get(series, {})
        return ", ".join(found)

    def panels(self, name: str, kind: Kind) -> str:
        """Return the panels that read a metric, by dashboard."""
        found: dict[str, dict[str, None]] = {}
        for series in _series(name, kind):
            for dashboard, panels in self._panels.get(series, {}).items():
                found.setdefault(dashboard, {}).update(panels)
        return "; ".join(f"{dashboard}: {_few(panels)}" for dashboard, panels in found.items())


def _series(name: str, kind: Kind) -> Iterator[str]:
    for suffix in _SUFFIXES.get(kind, ("",)):
        yield name + suffix


def _few(panels: Iterable[str]) -> str:
    names = list(panels)
    return ", ".join(names) if len(names) <= _MAX_PANELS else f"{len(names)} panels"


def _rules() -> Iterator[tuple[str, str]]:
    """Name and expression of each shipped rule; alerts as links."""
    for path in shipped_rules():
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                alert = rule.get("alert")
                link = (
                    f"[{alert}](runbooks/{path.stem}.md#{alert.lower()})" if alert else f"`{rule['record']}`"
                )
                yield link, rule["expr"]


def _panels() -> Iterator[tuple[str, str, str]]:
    """Dashboard, title and expression of each query of a panel."""
    for path in sorted(shipped("dashboards").glob("*.json")):
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        title = dashboard["title"].removeprefix("Redis / ")
        for panel in _flat(dashboard["panels"]):
            for target in panel.get("targets", ()):
                yield title, panel.get("title", ""), target.get("expr", "")


def _flat(panels: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Panels, and those within collapsed rows."""
    for panel in panels:
        yield panel
        yield from _flat(panel.get("panels", ()))
