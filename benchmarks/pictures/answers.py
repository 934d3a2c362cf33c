"""The answers that a panel is drawn from, asked of the daemon's own API."""

import json
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

RATE_INTERVAL: Final = "30s"
_VARIABLES: Final = ("job", "instance", "database", "framework", "queue")


@dataclass(frozen=True)
class Line:
    """One series: its labels, its name in the legend, its points (seconds, value)."""

    labels: dict[str, str]
    name: str
    points: list[tuple[float, float]]

    @property
    def last(self) -> float:
        """The newest value."""
        return self.points[-1][1]


class Api:
    """Prometheus' HTTP API of a daemon, over a span of time that ends at `end` (epoch seconds)."""

    def __init__(self, url: str, end: float, span_seconds: float, step_seconds: float) -> None:
        # Whole milliseconds, as the API has them.
        self.start, self.end, self.step = round(end - span_seconds, 3), round(end, 3), step_seconds
        self._url = url

    def steps(self) -> list[float]:
        """The times that a query over the span is evaluated at."""
        count = int((self.end - self.start) / self.step + 1e-6)
        return [round(self.start + index * self.step, 3) for index in range(count + 1)]

    def ask(self, target: dict[str, Any]) -> list[Line]:
        """The series of one query of a panel."""
        parameters = {"query": _fill(target["expr"])}
        if target.get("instant"):
            rows = self._get("query", {**parameters, "time": f"{self.end:.3f}"})
            series = [(row["metric"], [row["value"]]) for row in rows]
        else:
            window = {"start": f"{self.start:.3f}", "end": f"{self.end:.3f}", "step": f"{self.step:g}"}
            series = [(row["metric"], row["values"]) for row in self._get("query_range", parameters | window)]
        return [
            Line(labels, _name(target, labels), [(float(at), float(value)) for at, value in values])
            for labels, values in series
        ]

    def _get(self, path: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=30) as response:
            rows: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return rows


def _fill(text: str) -> str:
    text = text.replace("$__rate_interval", RATE_INTERVAL)
    for name in _VARIABLES:
        text = text.replace(f"${name}", ".*")
    return text


def _name(target: dict[str, Any], labels: dict[str, str]) -> str:
    name: str = target.get("legendFormat", "")
    for label, value in labels.items():
        name = name.replace(f"{{{{{label}}}}}", value)
    return " ".join(part for part in name.split() if not part.startswith("{{"))
