"""The committed dashboards as tests read them: their panels, and their queries as Grafana would send them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent.parent
FILES: Final = sorted((ROOT / "dashboards").glob("*.json"))
_VARIABLES: Final = ("job", "instance", "database", "framework", "queue")


@dataclass(frozen=True)
class BoardQuery:
    """One query of a panel or of an annotation, with the variables filled in."""

    board: str
    panel: str
    expression: str
    legend: str
    instant: bool

    def __str__(self) -> str:
        return f"{self.board} / {self.panel}: {self.expression}"


def load(path: Path) -> dict[str, Any]:
    """One dashboard."""
    board: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return board


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Its panels without the headings of rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def fill(text: str, *, rate_interval: str = "1m", value: str = ".*") -> str:
    """A query with the variables of Grafana filled in, all of them set to `All`."""
    text = text.replace("$__rate_interval", rate_interval)
    for name in _VARIABLES:
        text = text.replace(f"${name}", value)
    return text


def queries(path: Path, *, rate_interval: str = "1m") -> Iterator[BoardQuery]:
    """Every query of a dashboard, those of its annotations last."""
    board = load(path)
    for panel in panels(board):
        for target in panel["targets"]:
            expression = fill(target["expr"], rate_interval=rate_interval)
            legend = target.get("legendFormat", "")
            instant = bool(target.get("instant"))
            yield BoardQuery(path.stem, panel["title"], expression, legend, instant)
    for mark in board["annotations"]["list"]:
        expression = fill(mark["expr"], rate_interval=rate_interval)
        yield BoardQuery(path.stem, f"annotation {mark['name']}", expression, "", False)
